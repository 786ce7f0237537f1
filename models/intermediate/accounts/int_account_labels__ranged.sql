{{ config(materialized='view') }}

{%- set labels, forever = declared_labels(), "cast('9998-01-01' as date)" %}

with churns as (

    select * from {{ ref('int_account_churns__dated') }}

),

vendor_churns as (

    select distinct
        vendor_churn_events.account_id,
        cast(vendor_churn_events.churned_at as date) as churn_date
    from {{ ref('stg_subscription__vendor_churn_events') }} as vendor_churn_events

),

-- what was truly paid on the day before, and when it rose
paid as (

    select
        rises.account_id,
        {{ add_days('rises.from_date', 1) }} as from_date,
        {{ add_days('least(rises.until_date, ' ~ forever ~ ')', 1) }} as until_date,
        rises.mrr_cents > 0 as is_paying,
        rises.risen_date
    from {{ ref('int_account_mrr_rises__dated') }} as rises

),

churned_within_60d as (

    select
        churns.account_id,
        {{ add_days('churns.churn_date', 1 - labels.churned_within_60d.horizon_days) }}
            as from_date,
        {{ add_days('churns.churn_date', 1) }} as until_date,
        1 as is_positive
    from churns

),

vendor_churned_within_60d as (

    select
        vendor_churns.account_id,
        {{ add_days(
            'vendor_churns.churn_date', 1 - labels.vendor_churned_within_60d.horizon_days
        ) }} as from_date,
        {{ add_days('vendor_churns.churn_date', 1) }} as until_date,
        1 as is_positive
    from vendor_churns

),

expanded_within_90d as (

    select
        paid.account_id,
        paid.from_date,
        paid.until_date,
        0 as is_positive
    from paid
    where paid.is_paying
    union all
    select
        paid.account_id,
        greatest(
            paid.from_date,
            {{ add_days('paid.risen_date', 1 - labels.expanded_within_90d.horizon_days) }}
        ) as from_date,
        paid.until_date,
        1 as is_positive
    from paid
    where paid.is_paying and paid.risen_date is not null

),

converted_within_30d as (

    select
        paid.account_id,
        greatest(
            paid.from_date,
            {{ add_days('paid.risen_date', 1 - labels.converted_within_30d.horizon_days) }}
        ) as from_date,
        paid.until_date,
        1 as is_positive
    from paid
    where not paid.is_paying and paid.risen_date is not null

),

without_label as (

    {%- for name, label in labels.items() %}
    {%- if label.population == 'is_paying' %}
    -- an end that was known late: the account seemed to pay, and had churned
    select
        '{{ name }}' as label_name,
        churns.account_id,
        {{ add_days('churns.churn_date', 1) }} as from_date,
        {{ add_days('coalesce(churns.returned_date, ' ~ forever ~ ')', 1) }} as until_date
    from churns
    {%- else %}
    -- it truly paid already
    select
        '{{ name }}' as label_name,
        paid.account_id,
        paid.from_date,
        paid.until_date
    from paid
    where paid.is_paying
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}

),

ranged as (

    {%- for name in labels %}
    select
        '{{ name }}' as label_name,
        {{ name }}.account_id,
        {{ name }}.from_date,
        {{ name }}.until_date,
        {{ name }}.is_positive,
        0 as has_no_label
    from {{ name }}
    union all
    {%- endfor %}
    select
        without_label.label_name,
        without_label.account_id,
        without_label.from_date,
        without_label.until_date,
        0 as is_positive,
        1 as has_no_label
    from without_label

)

select * from ranged
