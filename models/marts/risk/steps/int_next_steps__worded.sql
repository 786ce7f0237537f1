{%- set quiet_from = add_days(as_of_date(), -30) -%}

with chosen as (

    select * from {{ ref('int_playbooks__assigned') }}

),

category_days as (

    select
        category_days.account_id,
        category_days.feature_category,
        max(category_days.event_date) as last_used_date,
        sum(category_days.event_count) as event_count
    from {{ ref('int_category_days__counted') }} as category_days
    where
        category_days.event_date >= {{ add_days(as_of_date(), -365) }}
        and category_days.event_date < {{ as_of_date() }}
        and category_days.known_date < {{ as_of_date() }}
    group by category_days.account_id, category_days.feature_category

),

-- what was used most of all that is used no longer
left_behind as (

    select
        category_days.*,
        row_number() over (
            partition by category_days.account_id
            order by category_days.event_count desc, category_days.feature_category asc
        ) as use_rank
    from category_days
    where category_days.last_used_date < {{ quiet_from }} and category_days.event_count >= 5

),

worded as (

    select
        chosen.account_id,
        chosen.model_version,
        playbooks.label as playbook_label,
        coalesce(
            replace(
                replace(
                    playbooks.next_step_with_feature,
                    '{feature}', replace(left_behind.feature_category, '_', ' ')
                ),
                '{last_used}', {{ day_in_words('left_behind.last_used_date') }}
            ),
            playbooks.next_step
        ) as next_step
    from chosen
    inner join {{ ref('playbooks') }} as playbooks
        on chosen.playbook = playbooks.playbook
    left join left_behind
        on chosen.account_id = left_behind.account_id and left_behind.use_rank = 1

)

select * from worded
