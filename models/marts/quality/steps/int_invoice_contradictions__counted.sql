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

counted as (

    {% call count_rules({
        'invoice_unreadable': {'fails': 'invoices.unreadable is not null'},
        'invoice_line_list_cut': {'fails': 'invoices.is_line_list_cut'},
    }) %}
    from invoices
    where invoices.recency = 1
    {% endcall %}
    union all
    {% call count_rules({
        'invoice_line_unreadable': {
            'fails': 'lines.amount_minor is null or lines.period_started_at is null'
                ~ ' or lines.period_ended_at is null',
        },
        'invoice_line_of_unknown_subscription': {
            'fails': 'lines.subscription_id is not null and subscriptions.subscription_id is null',
        },
    }) %}
    from lines
    inner join invoices
        on
            lines.invoice_id = invoices.invoice_id
            and lines.changed_at = invoices.changed_at
            and lines.known_at = invoices.known_at
            and invoices.recency = 1
    left join subscriptions
        on lines.subscription_id = subscriptions.subscription_id
    {% endcall %}

)

select * from counted
