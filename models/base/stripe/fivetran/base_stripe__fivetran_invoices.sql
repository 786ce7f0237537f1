with versions as (

    {{ fivetran_versions('stripe_fivetran', 'invoice', '_fivetran_start') }}

),

lines as (

    {{ fivetran_latest('invoice_line_item', ['invoice_id', 'id']) }}

),

prices as (

    select
        versions.*,
        row_number() over (
            partition by versions.id order by versions.changed_at desc, versions.known_at desc
        ) as recency
    from ({{ fivetran_prices() }}) as versions

),

-- the lines tell no tax; the rates are those by which MRR is read
taxes as (

    select
        rates.subscription_id,
        sum(rates.percentage) as percentage
    from ({{ fivetran_tax_rates() }}) as rates
    where rates.inclusive
    group by rates.subscription_id

),

listed as (

    select
        lines.invoice_id,
        {{ json_array_of(json_object({
            'id': json_quoted('lines.id'),
            'amount': 'lines.amount',
            'currency': json_quoted('lines.currency'),
            'metadata': readable_json('lines.metadata'),
            'period': json_object({
                'start': timestamp_to_epoch('lines.period_start'),
                'end': timestamp_to_epoch('lines.period_end'),
            }),
            'price': json_object({
                'id': json_quoted('coalesce(lines.price_id, lines.plan_id)'),
                'recurring': json_object({
                    'interval': json_quoted('prices.recurring_interval'),
                    'interval_count': 'prices.recurring_interval_count',
                    'usage_type': json_quoted('prices.recurring_usage_type'),
                }),
            }),
            'tax_amounts': "'[' || " ~ json_object({
                'amount': 'round(lines.amount * taxes.percentage / (100 + taxes.percentage))',
                'inclusive': 'true',
            }) ~ " || ']'",
            'proration': 'lines.proration',
            'subscription': json_quoted('lines.subscription_id'),
            'subscription_item': json_quoted('lines.subscription_item_id'),
            'type': json_quoted('lines.type'),
        }), 'lines.id') }} as lines
    from lines
    left join prices
        on coalesce(lines.price_id, lines.plan_id) = prices.id and prices.recency = 1
    left join taxes
        on lines.subscription_id = taxes.subscription_id
    group by lines.invoice_id

),

read_rows as (

    select
        versions.id,
        versions.subscription_id as subscription,
        cast(null as {{ column_type('varchar') }}) as parent,
        versions.livemode,
        versions.status,
        versions.currency,
        versions.amount_due,
        versions.amount_paid,
        {{ timestamp_to_epoch('versions.period_start') }} as period_start,
        {{ timestamp_to_epoch('versions.period_end') }} as period_end,
        {{ timestamp_to_epoch('versions.due_date') }} as due_date,
        versions.attempt_count,
        listed.lines,
        versions.pre_payment_credit_notes_amount,
        versions.post_payment_credit_notes_amount,
        versions.metadata,
        {{ timestamp_to_epoch('versions.created') }} as created,
        {{ timestamp_to_epoch('versions.changed_at') }} as updated,
        versions.known_at as _extracted_at
    from versions
    left join listed
        on versions.id = listed.invoice_id
    where not versions.is_removed

)

{{ new_versions('read_rows') }}
