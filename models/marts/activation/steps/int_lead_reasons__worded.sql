with reasons as (

    select * from {{ ref('stg_ml__prediction_reasons') }}
    where as_of_date = {{ as_of_date() }} and target in ('expansion', 'conversion')

),

feature_groups as (

    select * from {{ ref('feature_groups') }}

),

smallest as (

    select max(rules.rule_value) as smallest_reason
    from {{ ref('worklist_rules') }} as rules
    where rules.rule_name = 'smallest_reason'

),

-- decimals: sums that do not depend on the order of the rows; what is known alone is told
grouped as (

    select
        reasons.account_id,
        reasons.model_version,
        coalesce(feature_groups.group_words, reasons.feature_name) as group_words,
        sum(cast(reasons.contribution as decimal(18, 12))) as contribution
    from reasons
    left join feature_groups
        on reasons.feature_name = feature_groups.feature_name
    where reasons.feature_value is not null
    group by
        reasons.account_id, reasons.model_version,
        coalesce(feature_groups.group_words, reasons.feature_name)

),

ranked as (

    select
        grouped.*,
        cast(grouped.contribution as {{ column_type('double') }}) as log_odds,
        row_number() over (
            partition by grouped.account_id, grouped.model_version
            order by grouped.contribution desc, grouped.group_words asc
        ) as raise_rank
    from grouped
    cross join smallest
    where grouped.contribution >= smallest.smallest_reason

),

raised as (

    select
        ranked.account_id,
        ranked.model_version,
        {%- for number in [1, 2] %}
        max(
            case
                when ranked.raise_rank = {{ number }}
                    then
                        {{ odds_factor('ranked.log_odds') }} || ' from ' || ranked.group_words
            end
        ) as part_{{ number }}{{ ',' if not loop.last }}
        {%- endfor %}
    from ranked
    group by ranked.account_id, ranked.model_version

),

worded as (

    select
        raised.account_id,
        raised.model_version,
        'odds ' || raised.part_1 || coalesce(', ' || raised.part_2, '') as reason
    from raised

)

select * from worded
