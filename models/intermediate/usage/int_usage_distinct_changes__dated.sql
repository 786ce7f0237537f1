with user_days as (

    select * from {{ ref('int_user_days__counted') }}
    where event_date >= {{ add_days(changed_since(), -31) }}

),

category_days as (

    {% for kind, days in [('feature_category', 30), ('feature_category_90d', 90)] -%}
    select
        *,
        '{{ kind }}' as member_kind,
        {{ days }} as window_days
    from {{ ref('int_category_days__counted') }}
    where event_date >= {{ add_days(changed_since(), -days - 1) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

members as (

    select
        user_days.account_id,
        'active_user' as member_kind,
        user_days.user_id as member_id,
        user_days.event_date,
        user_days.known_date,
        30 as window_days
    from user_days
    union all
    select
        user_days.account_id,
        'commenting_user' as member_kind,
        user_days.user_id as member_id,
        user_days.event_date,
        user_days.known_date,
        30 as window_days
    from user_days
    where user_days.comment_count > 0
    union all
    select
        category_days.account_id,
        category_days.member_kind,
        category_days.feature_category as member_id,
        category_days.event_date,
        category_days.known_date,
        category_days.window_days
    from category_days

),

covering as (

    select
        members.account_id,
        lives.life_number,
        members.member_kind,
        members.member_id,
        greatest(
            {{ add_days('members.known_date', 1) }},
            {{ add_days('members.event_date', 1) }},
            lives.as_of_from_date,
            {{ add_days(changed_since(), 1) }}
        ) as covers_from_date,
        {{ add_days('members.event_date', 'members.window_days + 1') }} as covers_until_date
    from members
    inner join lives
        on
            members.account_id = lives.account_id
            and members.event_date >= lives.life_started_date
            and members.event_date < lives.next_life_started_date

),

-- each active day covers the dates up to the end of its window; what an earlier one covers is cut
cut as (

    select
        covering.*,
        greatest(
            covering.covers_from_date,
            coalesce(
                max(covering.covers_until_date) over (
                    partition by
                        covering.account_id,
                        covering.life_number,
                        covering.member_kind,
                        covering.member_id
                    order by covering.covers_from_date, covering.covers_until_date
                    rows between unbounded preceding and 1 preceding
                ),
                covering.covers_from_date
            )
        ) as adds_from_date
    from covering
    where covering.covers_from_date < covering.covers_until_date

),

signed as (

    select
        cut.account_id,
        cut.life_number,
        cut.member_kind,
        cut.adds_from_date as as_of_date,
        1 as change
    from cut
    where cut.adds_from_date < cut.covers_until_date
    union all
    select
        cut.account_id,
        cut.life_number,
        cut.member_kind,
        cut.covers_until_date as as_of_date,
        -1 as change
    from cut
    where cut.adds_from_date < cut.covers_until_date

),

dated as (

    select
        signed.account_id,
        signed.life_number,
        signed.as_of_date,
        sum(case when signed.member_kind = 'active_user' then signed.change end)
            as distinct_active_users_30d,
        sum(case when signed.member_kind = 'commenting_user' then signed.change end)
            as distinct_commenting_users_30d,
        sum(case when signed.member_kind = 'feature_category' then signed.change end)
            as distinct_feature_categories_30d,
        sum(case when signed.member_kind = 'feature_category_90d' then signed.change end)
            as distinct_feature_categories_90d
    from signed
    group by signed.account_id, signed.life_number, signed.as_of_date

)

select * from dated
