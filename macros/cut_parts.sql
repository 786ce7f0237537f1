{# What a metric of accounts can be cut by: columns of core.dim_account_months. #}
{% macro metric_dimensions() -%}
    {{ return(['plan', 'segment', 'industry', 'country', 'owner', 'signup_cohort']) }}
{%- endmacro %}

{#-
    A query: parts of metrics by month, in total and by each dimension alone, one row a part.
    Parts are the measures of the semantic models over `relations`, which have account_month_id.
    Amounts are decimals: their sums do not depend on the order of the rows.
-#}
{% macro cut_parts(account_months, relations) -%}
{%- set facts, parts = {}, [] -%}
{%- for relation in relations -%}
    {%- do facts.update({relation: relation_parts(relation)}) -%}
    {%- do parts.extend(facts[relation] | map(attribute='name')) -%}
{%- endfor -%}
with account_months as (

    select * from {{ account_months }}

),

{% for relation, measures in facts.items() -%}
{{ relation.identifier }}_sums as (

    select
        facts.account_month_id,
        {%- for measure in measures %}
        sum(cast({{ measure.operand }} as decimal(38, 12))) as {{ measure.name }}
            {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }} as facts
    group by facts.account_month_id

),

{% endfor -%}
joined as (

    select
        account_months.month_start_date
        {%- for dimension in metric_dimensions() %},
        account_months.{{ dimension }}
        {%- endfor %}
        {%- for relation, measures in facts.items() %}
        {%- for measure in measures %},
        {{ relation.identifier }}_sums.{{ measure.name }}
        {%- endfor %}
        {%- endfor %}
    from account_months
    {%- for relation in facts %}
    left join {{ relation.identifier }}_sums
        on account_months.account_month_id = {{ relation.identifier }}_sums.account_month_id
    {%- endfor %}

),

cut as (
    {%- for dimension in ['total'] + metric_dimensions() %}
    {%- set value = "'total'" if dimension == 'total' else 'joined.' ~ dimension %}
    select
        joined.month_start_date,
        '{{ dimension }}' as dimension_name,
        {{ value }} as dimension_value,
        {%- for part in parts %}
        sum(joined.{{ part }}) as {{ part }}
            {{- ',' if not loop.last }}
        {%- endfor %}
    from joined
    group by joined.month_start_date {%- if dimension != 'total' %}, {{ value }} {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

parts as (
    {%- for part in parts %}
    select '{{ part }}' as part_name
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

unpivoted as (

    select
        cut.month_start_date,
        cut.dimension_name,
        cut.dimension_value,
        parts.part_name,
        cast(
            case parts.part_name
                {%- for part in parts %}
                when '{{ part }}' then cut.{{ part }}
                {%- endfor %}
            end as decimal(38, 12)
        ) as amount
    from cut
    cross join parts

)

select * from unpivoted
{%- endmacro %}
