{# Columns of a price, as an item of a subscription or of a schedule's phase holds it: the object
   `price`, before 2021 `plan`, or only its id. `currency` is that of the subscription, in lower
   case; `automatic_tax` says whether taxes are computed where no rate is told. #}
{% macro stripe_price(item, currency, automatic_tax) %}
    {%- set option = {} -%}
    {%- for name in ('unit_amount', 'unit_amount_decimal', 'tiers', 'tax_behavior') -%}
        {%- do option.update({name: json_text_at(
            item, ['price', 'currency_options'], currency, [name]
        )}) -%}
    {%- endfor %}
coalesce(
            {{ json_text(item, ['price', 'product', 'id']) }},
            {{ json_text(item, ['price', 'product']) }},
            {{ json_text(item, ['plan', 'product', 'id']) }},
            {{ json_text(item, ['plan', 'product']) }}
        ) as plan_id,
        coalesce(
            {{ json_text(item, ['price', 'id']) }},
            {{ json_text(item, ['price']) }},
            {{ json_text(item, ['plan', 'id']) }},
            {{ json_text(item, ['plan']) }}
        ) as price_id,
        -- a price in several currencies bills in that of the subscription
        case
            when coalesce({{ option.unit_amount_decimal }}, {{ option.unit_amount }},
                {{ option.tiers }}) is not null
                then {{ currency }}
            else lower(coalesce(
                {{ json_text(item, ['price', 'currency']) }},
                {{ json_text(item, ['plan', 'currency']) }},
                {{ currency }}
            ))
        end as currency,
        coalesce(
            {{ decimal_number(option.unit_amount) }},
            {{ decimal_number(option.unit_amount_decimal) }},
            {{ decimal_number(json_text(item, ['price', 'unit_amount'])) }},
            {{ decimal_number(json_text(item, ['price', 'unit_amount_decimal'])) }},
            {{ decimal_number(json_text(item, ['plan', 'amount'])) }},
            {{ decimal_number(json_text(item, ['plan', 'amount_decimal'])) }}
        ) as unit_amount_minor,
        lower(coalesce(
            {{ json_text(item, ['price', 'tiers_mode']) }},
            {{ json_text(item, ['plan', 'tiers_mode']) }}
        )) as tiers_mode,
        coalesce(
            {{ option.tiers }},
            {{ json_text(item, ['price', 'tiers']) }},
            {{ json_text(item, ['plan', 'tiers']) }}
        ) as price_tiers,
        {{ whole_number('coalesce('
            ~ json_text(item, ['price', 'transform_quantity', 'divide_by']) ~ ', '
            ~ json_text(item, ['plan', 'transform_usage', 'divide_by'])
        ~ ')') }} as quantity_divisor,
        lower(coalesce(
            {{ json_text(item, ['price', 'transform_quantity', 'round']) }},
            {{ json_text(item, ['plan', 'transform_usage', 'round']) }}
        )) as quantity_rounding,
        lower(coalesce(
            {{ json_text(item, ['price', 'recurring', 'usage_type']) }},
            {{ json_text(item, ['plan', 'usage_type']) }}
        )) as usage_type,
        lower(coalesce(
            {{ json_text(item, ['price', 'recurring', 'interval']) }},
            {{ json_text(item, ['plan', 'interval']) }}
        )) as billing_interval,
        {{ whole_number('coalesce('
            ~ json_text(item, ['price', 'recurring', 'interval_count']) ~ ', '
            ~ json_text(item, ['plan', 'interval_count'])
        ~ ')') }} as billing_interval_count,
        -- a price that is made to include tax has none in it where none is computed
        case
            when {{ json_text(automatic_tax, ['enabled']) }} = 'false' then 'unspecified'
            else lower(coalesce(
                {{ option.tax_behavior }},
                {{ json_text(item, ['price', 'tax_behavior']) }}
            ))
        end as tax_behavior
{%- endmacro %}

{# Percent of the taxes in a price, by the first list of rates that tells any: 0 where all of them
   come on top, null where no list does. #}
{% macro stripe_tax_percent(lists) %}
coalesce(
            {%- for rates in lists %}
            {{ json_array_sum_where(rates, 'percentage', 'inclusive', 'true') }},
            0 * {{ json_array_sum_where(rates, 'percentage', 'inclusive', 'false') }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        )
{%- endmacro %}

{# Columns of a discount; its coupon stands in it, or since 2025 in its source. Where the vendor was
   not asked to expand it, it is its id alone. #}
{% macro stripe_discount(discount, currency) %}
{%- set coupon = ['coupon'] -%}
{%- set sourced = ['source', 'coupon'] -%}
{%- set option = 'coalesce('
    ~ json_text_at(discount, coupon + ['currency_options'], currency, ['amount_off']) ~ ', '
    ~ json_text_at(discount, sourced + ['currency_options'], currency, ['amount_off'])
~ ')' -%}
coalesce(
            {{ json_text(discount, ['id']) }},
            case
                when
                    coalesce({{ json_text(discount, ['coupon']) }},
                    {{ json_text(discount, ['source']) }}) is not null
                    then 'discount'
                when
                    {{ discount }} not like '{{ '{' }}%'
                    and {{ discount }} not like '[%'
                    and {{ discount }} <> 'null'
                    then replace({{ discount }}, '"', '')
            end
        ) as discount_id,
        {{ decimal_number('coalesce('
            ~ json_text(discount, coupon + ['percent_off']) ~ ', '
            ~ json_text(discount, sourced + ['percent_off'])
        ~ ')') }} as percent_off,
        {{ decimal_number('coalesce(' ~ option ~ ', '
            ~ json_text(discount, coupon + ['amount_off']) ~ ', '
            ~ json_text(discount, sourced + ['amount_off'])
        ~ ')') }} as amount_off_minor,
        -- an amount in several currencies is taken off in that of the subscription
        lower(coalesce(
            case when {{ option }} is not null then {{ currency }} end,
            {{ json_text(discount, coupon + ['currency']) }},
            {{ json_text(discount, sourced + ['currency']) }}
        )) as currency,
        lower(coalesce(
            {{ json_text(discount, coupon + ['duration']) }},
            {{ json_text(discount, sourced + ['duration']) }}
        )) as duration,
        {{ whole_number('coalesce('
            ~ json_text(discount, coupon + ['duration_in_months']) ~ ', '
            ~ json_text(discount, sourced + ['duration_in_months'])
        ~ ')') }} as duration_months,
        coalesce(
            {{ json_text(discount, coupon + ['applies_to', 'products']) }},
            {{ json_text(discount, sourced + ['applies_to', 'products']) }}
        ) as applies_to_plans,
        {{ epoch_to_timestamp(json_text(discount, ['start'])) }} as started_at,
        {{ epoch_to_timestamp(json_text(discount, ['end'])) }} as ended_at,
        {{ unreadable_columns({
            'start': unreadable_epoch(json_text(discount, ['start'])),
            'end': unreadable_epoch(json_text(discount, ['end'])),
        }) }} as unreadable_date
{%- endmacro %}
