{{ config(group='outlook') }}
-- The index is its contributions, its change is its drivers, and what a driver did is what its
-- accounts did, each to the last decimal.
{%- set components = [
    'gross_retention', 'net_retention', 'risk_free_share', 'quick_ratio', 'engagement',
] %}

with days as (

    select * from {{ ref('fct_revenue_health_daily') }}

),

drivers as (

    select * from {{ ref('revenue_health_drivers') }}

),

summed as (

    select
        drivers.period_name,
        drivers.from_date,
        drivers.to_date,
        drivers.level_name,
        drivers.level_value,
        drivers.index_from,
        drivers.index_to,
        sum(drivers.contribution) as change
    from drivers
    group by
        drivers.period_name, drivers.from_date, drivers.to_date, drivers.level_name,
        drivers.level_value, drivers.index_from, drivers.index_to

),

accounts as (

    select
        driver_accounts.period_name,
        driver_accounts.level_name,
        driver_accounts.level_value,
        driver_accounts.driver,
        sum(driver_accounts.contribution) as change,
        sum(driver_accounts.accounts_count) as accounts_count
    from {{ ref('rpt_revenue_health_driver_accounts') }} as driver_accounts
    group by
        driver_accounts.period_name, driver_accounts.level_name, driver_accounts.level_value,
        driver_accounts.driver

)

select
    'index' as fault,
    days.level_name,
    days.level_value,
    cast(days.as_of_date as varchar(10)) as place
from days
where
    days.revenue_health_index
    {%- for component in components %}
    {{ '<>' if loop.first else '+' }} coalesce(days.{{ component }}_contribution, 0)
    {%- endfor %}
union all
select
    'drivers' as fault,
    summed.level_name,
    summed.level_value,
    summed.period_name as place
from summed
left join days as earlier
    on
        summed.from_date = earlier.as_of_date
        and summed.level_name = earlier.level_name
        and summed.level_value = earlier.level_value
left join days as later
    on
        summed.to_date = later.as_of_date
        and summed.level_name = later.level_name
        and summed.level_value = later.level_value
where
    coalesce(later.revenue_health_index - earlier.revenue_health_index <> summed.change, true)
    or coalesce(earlier.revenue_health_index <> summed.index_from, true)
    or coalesce(later.revenue_health_index <> summed.index_to, true)
union all
select
    'accounts' as fault,
    drivers.level_name,
    drivers.level_value,
    drivers.period_name || ', ' || drivers.driver as place
from drivers
left join accounts
    on
        drivers.period_name = accounts.period_name
        and drivers.level_name = accounts.level_name
        and drivers.level_value = accounts.level_value
        and drivers.driver = accounts.driver
where
    drivers.driver <> 'reweighting'
    and (
        drivers.contribution <> coalesce(accounts.change, 0)
        or drivers.accounts_count <> coalesce(accounts.accounts_count, 0)
    )
