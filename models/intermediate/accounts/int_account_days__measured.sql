{% set measures_of = {
    'tickets': ['tickets_opened_30d', 'urgent_tickets_opened_30d', 'tickets_escalated_90d',
        'first_replies_90d', 'first_response_hours_90d', 'tickets_unsolved', 'tickets_rated_90d',
        'tickets_rated_good_90d', 'comments_scored_30d', 'comment_score_sum_30d'],
    'surveys': ['nps_answers_180d', 'nps_score_sum_180d'],
    'tasks': ['meetings_scheduled_90d', 'meetings_held_90d'],
    'steps': ['onboarding_steps_due', 'onboarding_steps_done'],
    'enrolments': ['trainings_invited_90d', 'trainings_attended_90d'],
    'key_contacts': ['key_contacts_lost_90d', 'key_contacts_missing_365d'],
    'reviews': ['goals_set_365d', 'goals_achieved_365d'],
    '': ['payment_failures_90d'],
} -%}
{%- set measures = measures_of.values() | sum(start=[]) -%}

with spine as (

    select * from {{ ref('int_account_days__spined') }}

),

lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

effects as (

    select * from {{ ref('int_support_measures__dated') }}
    union all
    select * from {{ ref('int_sentiment_measures__dated') }}
    union all
    select * from {{ ref('int_preparedness_measures__dated') }}
    union all
    select * from {{ ref('int_engagement_measures__dated') }}
    union all
    select * from {{ ref('int_subscription_measures__dated') }}

),

clipped as (

    select
        effects.account_id,
        lives.life_number,
        effects.measure,
        -- exact in a sum that is taken apart again: billionths, as whole numbers
        cast(round(effects.amount * 1000000000) as {{ column_type('double') }}) as amount,
        greatest(
            effects.effective_from_date,
            {{ add_days('effects.happened_date', 1) }},
            lives.as_of_from_date,
            {{ add_days(changed_since(), 1) }}
        ) as from_date,
        effects.effective_until_date as until_date
    from effects
    inner join lives
        on
            effects.account_id = lives.account_id
            and effects.happened_date >= lives.life_started_date
            and effects.happened_date < lives.next_life_started_date

),

signed as (

    select
        clipped.account_id,
        clipped.life_number,
        clipped.measure,
        clipped.from_date as as_of_date,
        clipped.amount
    from clipped
    where clipped.from_date < clipped.until_date
    union all
    select
        clipped.account_id,
        clipped.life_number,
        clipped.measure,
        clipped.until_date as as_of_date,
        -clipped.amount as amount
    from clipped
    where clipped.from_date < clipped.until_date

),

changes as (

    select
        signed.account_id,
        signed.life_number,
        signed.as_of_date
        {%- for measure in measures %},
        sum(case when signed.measure = '{{ measure }}' then signed.amount else 0 end)
            as {{ measure }}
        {%- endfor %}
    from signed
    group by signed.account_id, signed.life_number, signed.as_of_date

),

-- totals change on few days: they are summed there, and hold until the next
totals as (

    select
        changes.account_id,
        changes.life_number,
        changes.as_of_date as from_date,
        lead(changes.as_of_date, 1, cast('9999-12-31' as date)) over life as until_date
        {%- for measure in measures %},
        sum(changes.{{ measure }}) over life_so_far / 1000000000 as {{ measure }}
        {%- endfor %}
    from changes
    window
        life as (partition by changes.account_id, changes.life_number order by changes.as_of_date),
        life_so_far as (
            partition by changes.account_id, changes.life_number
            order by changes.as_of_date
            rows between unbounded preceding and current row
        )

),

-- without their join to accounts nobody knows how many rows of a table are an account's
lost as (

    select
        lost_joins.as_of_date
        {%- for table_name in measures_of if table_name %},
        max(case when lost_joins.table_name = '{{ table_name }}' then 1 end) as {{ table_name }}
        {%- endfor %}
    from {{ ref('int_lost_joins__dated') }} as lost_joins
    group by lost_joins.as_of_date

),

held as (

    select
        spine.account_id,
        spine.as_of_date,
        spine.life_number
        {%- for table_name, own in measures_of.items() %}{% for measure in own %},
        {%- set value = 'coalesce(totals.' ~ measure ~ ', 0)' %}
        {{ 'case when lost.' ~ table_name ~ ' is null then ' ~ value ~ ' end'
            if table_name else value }} as {{ measure }}
        {%- endfor %}{% endfor %}
    from spine
    left join totals
        on
            spine.account_id = totals.account_id
            and spine.life_number = totals.life_number
            and spine.as_of_date >= totals.from_date
            and spine.as_of_date < totals.until_date
    left join lost
        on spine.as_of_date = lost.as_of_date

)

select * from held
