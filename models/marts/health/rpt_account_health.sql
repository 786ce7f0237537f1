with days as (

    select * from {{ ref('fct_account_health_daily') }}

),

tonight as (

    select * from days
    where as_of_date = {{ as_of_date() }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

contributions as (

    select * from {{ ref('rpt_health_contributions') }}

),

overrides as (

    select * from {{ ref('health_overrides') }}

),

rules as (

    select
        max(case when health_rules.rule_name = 'trend_days' then health_rules.rule_value end)
            as trend_days,
        max(case when health_rules.rule_name = 'steady_within' then health_rules.rule_value end)
            as steady_within
    from {{ ref('health_rules') }} as health_rules

),

-- since the last day of this life on which the band was another one
banded as (

    select
        tonight.account_id,
        max(case when days.health_band <> tonight.health_band then days.as_of_date end)
            as other_band_date,
        min(days.as_of_date) as first_date
    from tonight
    inner join days
        on
            tonight.account_id = days.account_id
            and tonight.life_number = days.life_number
            and days.as_of_date <= {{ as_of_date() }}
    group by tonight.account_id

),

entered as (

    select
        banded.account_id,
        min(days.as_of_date) as band_since_date
    from banded
    inner join days
        on
            banded.account_id = days.account_id
            and days.as_of_date >= banded.first_date
            and (
                days.as_of_date > banded.other_band_date or banded.other_band_date is null
            )
    group by banded.account_id

),

-- how far a component pulls the score from where the others would have it; all pulls add up to 0
pulled as (

    select
        contributions.account_id,
        contributions.component,
        sum(contributions.contribution - contributions.weight_pct * tonight.computed_score / 100)
            as pull
    from contributions
    inner join tonight
        on contributions.account_id = tonight.account_id
    where contributions.contribution is not null
    group by contributions.account_id, contributions.component

),

ranked_components as (

    select
        pulled.*,
        row_number() over (
            partition by pulled.account_id order by pulled.pull asc, pulled.component asc
        ) as down_number,
        row_number() over (
            partition by pulled.account_id order by pulled.pull desc, pulled.component asc
        ) as up_number
    from pulled

),

components as (

    select
        ranked_components.account_id,
        max(case when ranked_components.down_number = 1 then ranked_components.component end)
            as weakest_component,
        max(case when ranked_components.up_number = 1 then ranked_components.component end)
            as strongest_component
    from ranked_components
    group by ranked_components.account_id

),

ranked_features as (

    select
        contributions.account_id,
        contributions.feature_name,
        contributions.lost_points,
        row_number() over (
            partition by contributions.account_id
            order by contributions.lost_points desc, contributions.feature_name asc
        ) as loss_number
    from contributions
    where contributions.lost_points > 0

),

reported as (

    select
        tonight.*,
        accounts.account_name,
        earlier.health_score as earlier_score,
        tonight.health_score - earlier.health_score as score_change,
        case
            when tonight.health_score - earlier.health_score > rules.steady_within
                then 'improving'
            when earlier.health_score - tonight.health_score > rules.steady_within
                then 'declining'
            when tonight.health_score - earlier.health_score is not null then 'steady'
        end as trend,
        entered.band_since_date,
        {{ days_between('entered.band_since_date', 'tonight.as_of_date') }} as days_in_band,
        components.weakest_component,
        components.strongest_component,
        ranked_features.feature_name as weakest_feature,
        ranked_features.lost_points as weakest_feature_lost_points,
        overrides.author as override_author,
        overrides.reason as override_reason,
        overrides.expires_date as override_expires_date
    from tonight
    cross join rules
    left join accounts
        on tonight.account_id = accounts.account_id
    left join days as earlier
        on
            tonight.account_id = earlier.account_id
            and tonight.life_number = earlier.life_number
            and earlier.as_of_date
            = {{ add_days('tonight.as_of_date', '-rules.trend_days') }}
    left join entered
        on tonight.account_id = entered.account_id
    left join components
        on tonight.account_id = components.account_id
    left join ranked_features
        on
            tonight.account_id = ranked_features.account_id
            and ranked_features.loss_number = 1
    left join overrides
        on
            tonight.account_id = overrides.account_id
            and tonight.as_of_date >= overrides.from_date
            and tonight.as_of_date < overrides.expires_date

)

select {{ contract_columns('reported') }}
from reported
