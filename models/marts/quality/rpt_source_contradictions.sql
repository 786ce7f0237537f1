with counted as (

    select * from {{ ref('int_master_record_contradictions__counted') }}
    union all
    select * from {{ ref('int_subscription_contradictions__counted') }}
    union all
    select * from {{ ref('int_billing_reads__counted') }}
    union all
    select
        'reported_value_unmapped' as rule_name,
        cast(coalesce(sum(words.row_count), 0) as bigint) as rows_checked,
        cast(coalesce(sum(case when not words.is_mapped then words.row_count end), 0) as bigint)
            as rows_failing
    from {{ ref('int_reported_values__counted') }} as words
    union all
    select * from {{ ref('int_invoice_contradictions__counted') }}
    union all
    select * from {{ ref('int_account_month_contradictions__counted') }}
    union all
    select * from {{ ref('int_vendor_churn_event_contradictions__counted') }}
    union all
    select * from {{ ref('int_vendor_churn_account_contradictions__counted') }}
    union all
    select * from {{ ref('int_ticket_contradictions__counted') }}
    union all
    select * from {{ ref('int_usage_contradictions__counted') }}
    union all
    select * from {{ ref('int_event_delivery_contradictions__counted') }}

),

rules as (

    select * from {{ ref('contradiction_rules') }}

),

reported as (

    select
        {{ as_of_date() }} as as_of_date,
        coalesce(rules.rule_name, counted.rule_name) as rule_name,
        rules.source_type,
        rules.severity,
        counted.rows_checked,
        counted.rows_failing,
        rules.description,
        rules.treatment
    from rules
    -- so that neither a rule that no model counts nor one that the seed lacks goes unseen
    full outer join counted
        on rules.rule_name = counted.rule_name

)

select * from reported
