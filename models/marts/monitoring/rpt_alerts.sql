{{ config(alias='alerts') }}

with checks as (

    select * from {{ ref('int_alert_checks__united') }}

),

rules as (

    select * from {{ ref('alert_rules') }}

),

-- each check that holds begins a new island
numbered as (

    select
        checks.*,
        sum(case when checks.is_breach then 0 else 1 end) over (
            partition by checks.check_name, checks.target, checks.checked_object
            order by checks.as_of_date
        ) as island_number,
        -- what a new champion does not read is not checked any more
        max(checks.as_of_date) over (
            partition by checks.check_name, checks.target
        ) as last_checked_date
    from checks

),

breaches as (

    select
        numbered.*,
        min(numbered.as_of_date) over (
            partition by
                numbered.check_name, numbered.target, numbered.checked_object,
                numbered.island_number
        ) as first_seen_date,
        row_number() over (
            partition by
                numbered.check_name, numbered.target, numbered.checked_object,
                numbered.island_number
            order by numbered.as_of_date
        ) as consecutive_count
    from numbered
    where numbered.is_breach

),

ruled as (

    select
        breaches.as_of_date,
        breaches.check_name,
        breaches.target,
        breaches.checked_object,
        case
            when breaches.consecutive_count >= rules.error_from_count then 'error'
            else 'warn'
        end as severity,
        breaches.evidence,
        breaches.first_seen_date,
        breaches.consecutive_count,
        breaches.as_of_date = breaches.last_checked_date as is_standing,
        rules.what_to_do
    from breaches
    inner join rules
        on breaches.check_name = rules.check_name

)

select {{ contract_columns('ruled') }}
from ruled
