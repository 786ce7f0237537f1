{%- set reasons = [
    'price_unknown', 'proration', 'credit_note', 'unpaid', 'discount', 'not_invoiced'] -%}
with billed as (

    select * from {{ ref('int_subscription_months__billed') }}

),

priced as (

    select * from {{ ref('int_subscription_versions__priced') }}

),

-- what the vendor last said by the month's end of a subscription that is not in MRR
told as (

    select
        billed.subscription_id,
        billed.month_start_date,
        priced.mrr_cents is null or priced.is_held as is_price_unknown,
        priced.mrr_cents is not null and not priced.is_held and (
            priced.status <> 'active'
            or priced.is_paused
            or coalesce(least(priced.ended_date, priced.cancel_date) < billed.month_end_date, false)
        ) as is_out_of_service,
        row_number() over (
            partition by billed.subscription_id, billed.month_start_date
            order by priced.changed_at desc, priced.known_at desc
        ) as recency
    from billed
    inner join priced
        on
            billed.subscription_id = priced.subscription_id
            and cast(priced.changed_at as date) < billed.month_end_date
            and billed.month_end_date > priced.stretch_from_date
            and billed.month_end_date <= priced.stretch_until_date
    where billed.mrr_cents = 0 and not priced.is_deleted

),

-- billed after the service, the next invoice comes no sooner than its period is over
in_arrears as (

    select distinct
        billed.subscription_id,
        billed.month_start_date
    from billed
    inner join {{ ref('int_invoice_lines__normalised') }} as lines
        on
            billed.subscription_id = lines.subscription_id
            and billed.month_end_date > lines.valid_until_date
            and lines.is_in_arrears
            and not lines.is_proration
    where
        not billed.has_whole_period
        and {{ add_days(
            'lines.valid_until_date',
            days_between('lines.valid_from_date', 'lines.valid_until_date')
        ) }} >= {{ add_days(as_of_date(), -1) }}

),

evidenced as (

    select
        billed.*,
        billed.mrr_cents - billed.billed_cents as difference_cents,
        case
            when billed.is_held or told.is_price_unknown
                then billed.mrr_cents - billed.billed_cents - billed.prorated_cents
        end as price_unknown_evidence,
        case
            when told.is_out_of_service
                then billed.billed_unpaid_cents - billed.billed_cents - billed.prorated_cents
            when billed.mrr_cents > 0 and billed.is_changed
                then billed.mrr_cents - billed.mrr_cents_then
        end as proration_evidence,
        -billed.credit_cents as credit_note_evidence,
        case when told.is_out_of_service then -billed.billed_unpaid_cents end as unpaid_evidence,
        case
            when billed.mrr_cents > billed.mrr_cents_then and not billed.is_changed
                then least(billed.mrr_cents - billed.mrr_cents_then, billed.billed_discount_cents)
        end as discount_evidence,
        case
            when
                not billed.has_whole_period and (
                    in_arrears.subscription_id is not null
                    or (
                        billed.term_from_date < billed.first_invoice_date
                        and billed.term_end_date >= billed.month_end_date
                    )
                )
                then billed.mrr_cents
        end as not_invoiced_evidence
    from billed
    left join told
        on
            billed.subscription_id = told.subscription_id
            and billed.month_start_date = told.month_start_date
            and told.recency = 1
    left join in_arrears
        on
            billed.subscription_id = in_arrears.subscription_id
            and billed.month_start_date = in_arrears.month_start_date

),
{%- set source = namespace(name='evidenced', left='(.difference_cents - .prorated_cents') %}

-- a reason explains no more than it accounts for, and no more than is left
{%- for reason in reasons %}
{%- set left = source.left | replace('.', source.name ~ '.') ~ ')' %}
{%- set evidence = source.name ~ '.' ~ reason ~ '_evidence' %}
after_{{ reason }} as (

    select
        {{ source.name }}.*,
        case
            when {{ evidence }} > 0 then greatest(0, least({{ left }}, {{ evidence }}))
            when {{ evidence }} < 0 then least(0, greatest({{ left }}, {{ evidence }}))
            else 0
        end as {{ reason }}_cents
    from {{ source.name }}

),
{%- set source.name = 'after_' ~ reason %}
{%- set source.left = source.left ~ ' - .' ~ reason ~ '_cents' %}
{% endfor %}
explained as (

    select
        heard.subscription_id,
        heard.month_start_date,
        heard.account_id,
        heard.mrr_cents,
        heard.billed_cents,
        heard.difference_cents,
        {%- for reason in reasons %}
        heard.{{ reason }}_cents
            {{- ' + heard.prorated_cents as proration_cents' if reason == 'proration' }},
        {%- endfor %}
        {{ source.left | replace('.', 'heard.') }}) as unexplained_cents
    from {{ source.name }} as heard

)

select * from explained
