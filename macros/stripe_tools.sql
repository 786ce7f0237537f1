{#- Whether Airbyte says that it could not deliver one of these columns of a row, and nulled it. -#}
{% macro airbyte_lost(relation, columns) -%}
    (
            {%- for column in columns %}
            {{ 'or ' if not loop.first -}}
            {{ relation }}._airbyte_meta like '%"{{ column }}"%'
            or {{ relation }}._airbyte_meta like '%`{{ column }}`%'
            {%- endfor %}
        )
{%- endmacro %}

{#- A discount with its coupon, of a child table of dlt or in flattened columns of its owner. -#}
{% macro dlt_discount(discount) -%}
    {%- set coupon = discount ~ 'coupon__' -%}
    {{- json_object({
        'id': json_quoted(discount ~ 'id'),
        'coupon': json_object({
            'percent_off': coupon ~ 'percent_off',
            'amount_off': coupon ~ 'amount_off',
            'currency': json_quoted(coupon ~ 'currency'),
            'duration': json_quoted(coupon ~ 'duration'),
            'duration_in_months': coupon ~ 'duration_in_months',
        }),
        'start': discount ~ 'start',
        'end': discount ~ 'end',
    }) -}}
{%- endmacro %}

{#- The tax rates of each row that has some, of a child table of dlt; a CTE by itself. -#}
{% macro dlt_tax_rates(table_name) -%}
    select
        rates._dlt_parent_id as owner_row,
        {{ json_array_of(json_object({
            'inclusive': 'rates.inclusive', 'percentage': 'rates.percentage'
        }), 'rates._dlt_list_idx') }} as tax_rates
    from (select distinct * from ({{ landed('stripe_dlt', table_name) }}) as read_rates) as rates
    group by rates._dlt_parent_id
{%- endmacro %}

{#- A price in flattened columns of dlt. -#}
{% macro dlt_price(price) -%}
    case
        when {{ price }}id is not null
            then {{ json_object({
                'id': json_quoted(price ~ 'id'),
                'product': json_quoted(price ~ 'product'),
                'currency': json_quoted(price ~ 'currency'),
                'unit_amount': price ~ 'unit_amount',
                'unit_amount_decimal': json_quoted(price ~ 'unit_amount_decimal'),
                'tiers_mode': json_quoted(price ~ 'tiers_mode'),
                'transform_quantity': dlt_rounding(price),
                'recurring': dlt_recurring(price),
                'tax_behavior': json_quoted(price ~ 'tax_behavior'),
            }) }}
    end
{%- endmacro %}

{% macro dlt_rounding(price) -%}
    {%- set rounding = price ~ 'transform_quantity__' -%}
    case
        when {{ rounding }}divide_by is not null
            then {{ json_object({
                'divide_by': rounding ~ 'divide_by', 'round': json_quoted(rounding ~ 'round')
            }) }}
    end
{%- endmacro %}

{% macro dlt_recurring(price) -%}
    {%- set recurring = price ~ 'recurring__' -%}
    case
        when {{ recurring }}interval is not null
            then {{ json_object({
                'interval': json_quoted(recurring ~ 'interval'),
                'interval_count': recurring ~ 'interval_count',
                'usage_type': json_quoted(recurring ~ 'usage_type'),
            }) }}
    end
{%- endmacro %}

{% macro dlt_account(relation) -%}
    {{- json_object({'account_id': json_quoted(relation ~ '.metadata__account_id')}) -}}
{%- endmacro %}

{#- When a load of dlt began: it brings no time of change, and what changed is known from then. -#}
{% macro load_epoch(load_id) -%}
    {{- whole_number("split_part(" ~ load_id ~ ", '.', 1)") -}}
{%- endmacro %}

{#- The newest reading of each row of a table of Fivetran that holds the latest state alone. -#}
{% macro fivetran_latest(table_name, keys) -%}
    select * from (
        select
            readings.*,
            row_number() over (
                partition by {{ 'readings.' ~ keys | join(', readings.') }}
                order by readings._fivetran_synced desc
            ) as recency
        from ({{ landed('stripe_fivetran', table_name) }}) as readings
    ) as numbered
    where numbered.recency = 1 and not coalesce(numbered._fivetran_deleted, false)
{%- endmacro %}

{#- The tax rates of subscriptions that Fivetran landed; those of single items it does not land. -#}
{% macro fivetran_tax_rates() -%}
    select
        links.subscription_id,
        rates.id,
        rates.inclusive,
        rates.percentage
    from ({{ fivetran_latest('subscription_tax_rate', ['subscription_id', 'tax_rate_id']) }})
        as links
    inner join ({{ fivetran_latest('tax_rate', ['id']) }}) as rates
        on links.tax_rate_id = rates.id
{%- endmacro %}

{#- Versions of the prices of Fivetran, those included that only its older table `plan` holds. -#}
{% macro fivetran_prices() -%}
    {%- set common = [
        'id', 'product_id', 'currency', 'tiers_mode', 'livemode', 'active', 'created',
        'changed_at', 'known_at', 'is_removed'
    ] -%}
    select * from (
        select
            both_tables.*,
            min(both_tables.table_number) over (partition by both_tables.id) as first_table_number
        from (
            select
                prices.{{ common | join(',\n                prices.') }},
                prices.unit_amount,
                prices.unit_amount_decimal,
                prices.transform_quantity_divide_by as quantity_divisor,
                prices.transform_quantity_round as quantity_rounding,
                prices.recurring_interval,
                prices.recurring_interval_count,
                prices.recurring_usage_type,
                prices.tax_behavior,
                1 as table_number
            from ({{ fivetran_versions('stripe_fivetran', 'price', '_fivetran_start') }}) as prices
            union all
            select
                plans.{{ common | join(',\n                plans.') }},
                plans.amount as unit_amount,
                plans.amount_decimal as unit_amount_decimal,
                plans.transform_usage_divide_by as quantity_divisor,
                plans.transform_usage_round as quantity_rounding,
                plans.interval as recurring_interval,
                plans.interval_count as recurring_interval_count,
                plans.usage_type as recurring_usage_type,
                cast(null as {{ column_type('varchar') }}) as tax_behavior,
                2 as table_number
            from ({{ fivetran_versions('stripe_fivetran', 'plan', '_fivetran_start') }}) as plans
        ) as both_tables
    ) as numbered
    where numbered.table_number = numbered.first_table_number and not numbered.is_removed
{%- endmacro %}

{#- Discounts of Fivetran that are not of one invoice. The newer table `discount` says in `type_id`
    what each is of, the older ones say it in a column. -#}
{% macro fivetran_discounts(older_table) -%}
    {%- set columns = [
        'id', 'customer_id', 'subscription_id', 'coupon_id', 'start', 'end'
    ] -%}
    select * from (
        select
            both_tables.*,
            min(both_tables.table_number) over (partition by both_tables.id) as first_table_number
        from (
            select
                newer.{{ columns | join(',\n                newer.') }},
                newer.type_id as owner_id,
                coalesce(newer.invoice_id, newer.invoice_item_id, newer.checkout_session_id)
                    as narrower_id,
                1 as table_number
            from ({{ fivetran_latest('discount', ['id']) }}) as newer
            union all
            select
                older.{{ columns | join(',\n                older.') }},
                cast(null as {{ column_type('varchar') }}) as owner_id,
                cast(null as {{ column_type('varchar') }}) as narrower_id,
                2 as table_number
            from ({{ fivetran_latest(older_table, ['id']) }}) as older
        ) as both_tables
    ) as numbered
    where numbered.table_number = numbered.first_table_number and numbered.narrower_id is null
{%- endmacro %}

{#- Such a discount with its coupon, as the API has it. -#}
{% macro fivetran_discount(discount, coupon) -%}
    {{- json_object({
        'id': json_quoted(discount ~ '.id'),
        'coupon': json_object({
            'percent_off': coupon ~ '.percent_off',
            'amount_off': coupon ~ '.amount_off',
            'currency': json_quoted(coupon ~ '.currency'),
            'duration': json_quoted(coupon ~ '.duration'),
            'duration_in_months': coupon ~ '.duration_in_months',
        }),
        'start': timestamp_to_epoch(discount ~ '.start'),
        'end': timestamp_to_epoch(discount ~ '.end'),
    }) -}}
{%- endmacro %}
