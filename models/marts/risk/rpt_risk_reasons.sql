with compared as (

    select * from {{ ref('int_prediction_reasons__compared') }}

),

phrases as (

    select * from {{ ref('feature_reasons') }}

),

limits as (

    select * from {{ ref('int_worklist_rules__pivoted') }}

),

summed as (

    select
        compared.run_id,
        compared.model_version,
        compared.as_of_date,
        compared.account_id,
        compared.reason_group,
        sum(compared.contribution) as contribution,
        sum(case when compared.feature_value is not null then compared.contribution else 0 end)
            as known_contribution
    from compared
    group by
        compared.run_id, compared.model_version, compared.as_of_date, compared.account_id,
        compared.reason_group

),

-- what may be named: known, on the risky side, and to be told from the average
phrased as (

    select
        compared.model_version,
        compared.account_id,
        compared.reason_group,
        compared.comes_last,
        compared.feature_name,
        compared.contribution,
        compared.feature_value,
        compared.average_value,
        case
            when compared.feature_value = 0 then coalesce(phrases.zero_reason, phrases.reason)
            else phrases.reason
        end as phrase,
        {{ phrase_number('compared.feature_value', 'phrases.value_style') }} as value_text,
        {{ phrase_number('compared.feature_value', 'phrases.average_style') }} as like_average_text,
        {{ phrase_number('compared.average_value', 'phrases.average_style') }} as average_text
    from compared
    inner join phrases
        on
            compared.feature_name = phrases.feature_name
            and compared.comparison = phrases.comparison
    where compared.contribution > 0 and phrases.is_reason

),

named as (

    select
        phrased.*,
        row_number() over (
            partition by phrased.model_version, phrased.account_id, phrased.reason_group
            order by phrased.contribution desc, phrased.feature_name asc
        ) as name_number
    from phrased
    where
        phrased.like_average_text <> phrased.average_text
        or phrased.phrase not like '%{average}%'

),

grouped as (

    select
        summed.*,
        named.comes_last,
        named.feature_name,
        named.feature_value,
        named.average_value,
        replace(
            replace(
                replace(named.phrase, '{s}', case named.value_text when '1' then '' else 's' end),
                '{value}', named.value_text
            ),
            '{average}', named.average_text
        ) as reason
    from summed
    cross join limits
    left join named
        on
            summed.model_version = named.model_version
            and summed.account_id = named.account_id
            and summed.reason_group = named.reason_group
            and named.name_number = 1
            -- a group that raises the risk hardly, or by what is unknown, is no reason
            and summed.contribution >= limits.smallest_reason
            and summed.known_contribution >= limits.smallest_reason

),

numbered as (

    select
        grouped.*,
        case
            when grouped.reason is not null then row_number() over (
                partition by
                    grouped.model_version, grouped.account_id,
                    case when grouped.reason is null then 0 else 1 end
                order by
                    grouped.comes_last asc, grouped.known_contribution desc,
                    grouped.reason_group asc
            )
        end as reason_number
    from grouped

)

select {{ contract_columns('numbered') }}
from numbered
