with invoices as (

    select
        versions.*,
        row_number() over (
            partition by versions.invoice_id
            order by versions.changed_at desc, versions.known_at desc
        ) as recency
    from {{ ref('stg_subscription__invoice_versions') }} as versions

),

lines as (

    select distinct * from {{ ref('stg_subscription__invoice_line_item_versions') }}

),

subscriptions as (

    select distinct subscription_id from {{ ref('stg_subscription__subscription_versions') }}

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_invoice_contradictions__counted'

),

invoices_counted as (

    select
        count(*) as invoices,
        count(invoices.unreadable) as unreadable_invoices,
        count(case when invoices.is_line_list_cut then 1 end) as cut_off
    from invoices
    where invoices.recency = 1

),

lines_counted as (

    select
        count(*) as invoice_lines,
        count(
            case
                when
                    lines.amount_minor is null
                    or lines.period_started_at is null
                    or lines.period_ended_at is null then 1
            end
        ) as unreadable_lines,
        count(
            case
                when lines.subscription_id is not null and subscriptions.subscription_id is null
                    then 1
            end
        ) as orphaned
    from lines
    inner join invoices
        on
            lines.invoice_id = invoices.invoice_id
            and lines.changed_at = invoices.changed_at
            and lines.known_at = invoices.known_at
            and invoices.recency = 1
    left join subscriptions
        on lines.subscription_id = subscriptions.subscription_id

),

reported as (

    select
        rules.rule_name,
        case rules.rule_name
            when 'invoice_unreadable' then invoices_counted.invoices
            when 'invoice_line_list_cut' then invoices_counted.invoices
            else lines_counted.invoice_lines
        end as rows_checked,
        case rules.rule_name
            when 'invoice_unreadable' then invoices_counted.unreadable_invoices
            when 'invoice_line_list_cut' then invoices_counted.cut_off
            when 'invoice_line_unreadable' then lines_counted.unreadable_lines
            when 'invoice_line_of_unknown_subscription' then lines_counted.orphaned
        end as rows_failing
    from rules
    cross join invoices_counted
    cross join lines_counted

)

select * from reported
