with invoices as (

    select
        versions.*,
        row_number() over (
            partition by versions.invoice_id
            order by versions.changed_at desc, versions.known_at desc
        ) as recency
    from {{ ref('stg_subscription__invoice_versions') }} as versions

),

-- a tax that MRR has in it because nobody tells its rate stays in what was billed, too: by the
-- latest version of the subscription, not by a phase to come
untold as (

    select items.subscription_id
    from {{ ref('int_subscription_items__listed') }} as items
    where items.changed_at <= items.known_at
    group by items.subscription_id
    having
        max(items.changed_at) = max(case when items.has_untold_tax then items.changed_at end)

),

lines as (

    select distinct
        items.*,
        case when untold.subscription_id is null then items.inclusive_tax_minor else 0 end
            as tax_minor,
        prices.price_id is not null as is_metered
    from {{ ref('stg_subscription__invoice_line_item_versions') }} as items
    left join {{ ref('stg_subscription__price_versions') }} as prices
        on items.price_id = prices.price_id and prices.usage_type = 'metered'
    left join untold
        on items.subscription_id = untold.subscription_id

),

currency_rates as (

    select
        rates.currency,
        rates.usd_per_unit * power(10, 2 - rates.minor_unit_digits) as cents_per_minor
    from {{ ref('currency_rates') }} as rates

),

-- recurring lines of invoices that count, by their latest version
recurring as (

    select
        lines.*,
        coalesce(lines.account_id, invoices.account_id) as billed_account_id,
        invoices.created_at,
        statuses.value <> 'paid' as is_unpaid,
        lines.discount_minor * currency_rates.cents_per_minor * (
            1 - coalesce(
                1.0 * lines.tax_minor / nullif(lines.amount_minor - lines.discount_minor, 0), 0
            )
        ) as discount_cents,
        (lines.amount_minor - lines.discount_minor - lines.tax_minor)
        * currency_rates.cents_per_minor as net_cents,
        (lines.amount_minor - lines.discount_minor) * currency_rates.cents_per_minor as paid_cents,
        invoices.credited_minor * currency_rates.cents_per_minor as invoice_credit_cents,
        {{ hours_between('lines.period_started_at', 'lines.period_ended_at') }} / 24 as period_days
    from lines
    inner join invoices
        on
            lines.invoice_id = invoices.invoice_id
            and lines.changed_at = invoices.changed_at
            and lines.known_at = invoices.known_at
            and invoices.recency = 1
    inner join {{ ref('reported_values') }} as statuses
        on invoices.status = statuses.reported_value and statuses.field = 'invoice_status'
    inner join currency_rates
        on coalesce(lines.currency, invoices.currency) = currency_rates.currency
    where
        statuses.value is not null
        and lines.subscription_id is not null
        and lines.period_started_at < lines.period_ended_at
        and not (lines.is_metered or coalesce(lines.usage_type = 'metered', false))
        and (
            lines.is_proration
            or coalesce(lines.line_type, 'subscription') like 'subscription%'
        )

),

-- months of a full period, by its days where the line does not say
measured as (

    select
        recurring.*,
        case
            when recurring.billing_interval in ('year', 'month', 'week', 'day')
                then recurring.billing_interval_count * case recurring.billing_interval
                    when 'year' then 12.0 when 'month' then 1.0
                    when 'week' then 12.0 / 52 else 12.0 / 365
                end
            when
                recurring.period_days > 27
                and abs(mod(recurring.period_days * 12 / 365.25 + 0.5, 1) - 0.5) <= 0.1
                then round(recurring.period_days * 12 / 365.25)
            when mod(round(recurring.period_days), 7) = 0
                then 12.0 / 52 * round(recurring.period_days) / 7
            else 12.0 / 365 * recurring.period_days
        end as period_months
    from recurring

),

-- the line for all of a period says how long a part of it is
shared as (

    select
        measured.*,
        max(
            case
                when not measured.is_proration
                    then measured.period_days / measured.period_months
            end
        ) over (partition by measured.subscription_id, measured.period_ended_at) as month_days,
        sum(greatest(measured.paid_cents, 0)) over (partition by measured.invoice_id)
            as invoice_cents
    from measured

),

rated as (

    select
        shared.*,
        case
            when not shared.is_proration then 1 / shared.period_months
            when shared.month_days is not null then shared.month_days / shared.period_days
            -- a first part of a month is a part of the month that it ends
            when coalesce(shared.billing_interval, 'month') = 'month'
                then
                    extract(day from {{ add_days(month_start('shared.period_ended_at'), -1) }})
                    / shared.period_days
            else 365.0 / 12 / shared.period_days
        end as monthly_rate
    from shared

),

normalised as (

    select
        rated.invoice_id,
        rated.line_id,
        rated.subscription_id,
        rated.billed_account_id as account_id,
        rated.is_proration,
        rated.is_unpaid,
        rated.created_at >= rated.period_ended_at as is_in_arrears,
        {{ end_date('rated.period_started_at') }} as valid_from_date,
        {{ end_date('rated.period_ended_at') }} as valid_until_date,
        cast(rated.net_cents * rated.monthly_rate as decimal(28, 7)) as monthly_cents,
        cast(rated.discount_cents * rated.monthly_rate as decimal(28, 7))
            as monthly_discount_cents,
        cast(
            greatest(rated.net_cents, 0) * rated.monthly_rate
            * least(1, rated.invoice_credit_cents / nullif(rated.invoice_cents, 0))
            as decimal(28, 7)
        ) as monthly_credit_cents
    from rated

)

select * from normalised
