with counted as (

    select * from {{ ref('rpt_master_record_contradictions') }}
    union all
    select * from {{ ref('rpt_subscription_contradictions') }}
    union all
    select * from {{ ref('rpt_vendor_churn_event_contradictions') }}
    union all
    select * from {{ ref('rpt_vendor_churn_account_contradictions') }}
    union all
    select * from {{ ref('rpt_ticket_contradictions') }}
    union all
    select * from {{ ref('rpt_usage_contradictions') }}
    union all
    select * from {{ ref('rpt_event_delivery_contradictions') }}

),

rules as (

    select * from {{ ref('contradiction_rules') }}

),

reported as (

    select
        {{ as_of_date() }} as as_of_date,
        rules.rule_name,
        rules.source_type,
        rules.severity,
        counted.rows_checked,
        counted.rows_failing,
        rules.description,
        rules.treatment
    from rules
    left join counted
        on rules.rule_name = counted.rule_name

)

select * from reported
