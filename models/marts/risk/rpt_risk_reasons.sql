{#- What phrases may hold beyond the feature's numbers; none is used that holds what is unknown. -#}
{% set facts = {
    'last_used': 'last_used_before', 'term_end': 'term_end',
    'departed': 'departed', 'departed_role': 'departed',
    'vacant_since': 'vacant_since', 'vacant_role': 'vacant_since',
    'users': 'users', 'users_before': 'users_before', 'mrr': 'mrr', 'age': 'age',
} -%}
{% set usable = {} -%}
{% for phrase in ['detail_reason', 'zero_reason', 'change_reason'] -%}
    {% set conditions = ['written.' ~ phrase ~ ' is not null'] -%}
    {#- (of whom nobody was ever active, nobody was since the first day) -#}
    {% for name, needed in facts.items() if (phrase, name) != ('zero_reason', 'last_used') -%}
        {% do conditions.append(
            "(written." ~ phrase ~ " not like '%{" ~ name ~ "}%' or facts." ~ needed
            ~ " is not null)"
        ) -%}
    {% endfor -%}
    {% do usable.update({phrase: '(' ~ conditions | join(' and ') ~ ')'}) -%}
{% endfor -%}

with compared as (

    select * from {{ ref('int_prediction_reasons__compared') }}

),

phrases as (

    select * from {{ ref('feature_reasons') }}

),

limits as (

    select * from {{ ref('int_worklist_rules__pivoted') }}

),

facts as (

    select * from {{ ref('int_account_facts__worded') }}

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
            as known_contribution,
        sum(compared.contribution_before) as contribution_before
    from compared
    group by
        compared.run_id, compared.model_version, compared.as_of_date, compared.account_id,
        compared.reason_group

),

-- what may be named: known, and on the risky side
written as (

    select
        compared.model_version,
        compared.account_id,
        compared.reason_group,
        compared.comes_last,
        compared.feature_name,
        compared.contribution,
        compared.contribution - compared.contribution_before as change,
        compared.feature_value,
        compared.value_before,
        compared.peers,
        compared.peer_value,
        phrases.value_style,
        phrases.is_change,
        phrases.reason,
        phrases.detail_reason,
        phrases.zero_reason,
        phrases.change_reason,
        {{ phrase_number('compared.feature_value', 'phrases.value_style') }} as value_text,
        {{ phrase_number('compared.value_before', 'phrases.value_style') }} as before_text,
        {{ phrase_number('compared.feature_value', 'phrases.peer_style') }} as like_peer_text,
        {{ phrase_number('compared.peer_value', 'phrases.peer_style') }} as peer_text
    from compared
    inner join phrases
        on
            compared.feature_name = phrases.feature_name
            and compared.comparison = phrases.comparison
    where compared.contribution > 0 and phrases.is_reason

),

phrased as (

    select
        written.*,
        (
            -- where it has come back since, its fall is no news
            written.is_change
            and written.contribution >= limits.smallest_reason
            and coalesce(written.change, 0) >= 0
        )
        or coalesce(
            written.change >= limits.smallest_change
            and written.value_text <> written.before_text
            and {{ usable['change_reason'] }},
            false
        ) as tells_change,
        case
            when
                written.change >= limits.smallest_change
                and written.value_text <> written.before_text
                and {{ usable['change_reason'] }}
                then written.change_reason
            when written.feature_value = 0 and {{ usable['zero_reason'] }}
                then written.zero_reason
            when {{ usable['detail_reason'] }} then written.detail_reason
            else written.reason
        end as phrase
    from written
    cross join limits
    left join facts
        on written.account_id = facts.account_id

),

-- what changed speaks before what always was; nobody is told what reads like the peers
named as (

    select
        phrased.*,
        row_number() over (
            partition by phrased.model_version, phrased.account_id, phrased.reason_group
            order by
                phrased.tells_change desc, phrased.contribution desc, phrased.feature_name asc
        ) as name_number
    from phrased
    where
        phrased.like_peer_text <> phrased.peer_text
        or phrased.phrase not like '%{peer}%'

),

grouped as (

    select
        summed.*,
        named.comes_last,
        named.feature_name,
        named.feature_value,
        named.value_before,
        named.peers,
        named.peer_value,
        named.tells_change as is_change,
        {%- set phrase = namespace(sql='named.phrase') -%}
        {%- for name, text in {
            's': "case when named.value_text = '1' then '' else 's' end",
            'value': "case when named.value_text = '0' and named.phrase = named.change_reason"
                " and named.value_style <> 'percent' then 'none' else named.value_text end",
            'before': "case when named.before_text = '0' and named.value_style <> 'percent'"
                " then 'none' else coalesce(named.before_text, '') end",
            'peer': 'named.peer_text', 'peers': 'named.peers',
            'then': "coalesce(facts.then_text, '')",
            'last_used': "coalesce(facts.last_used, 'its first day')",
            'term_end': "coalesce(facts.term_end, '')",
            'departed': "coalesce(facts.departed, '')",
            'departed_role': "coalesce(facts.departed_role, 'key contact')",
            'vacant_since': "coalesce(facts.vacant_since, '')",
            'vacant_role': "coalesce(facts.vacant_role, 'key contact')",
            'mrr': "coalesce(facts.mrr, '')",
            'age': "coalesce(facts.age, '')",
            'users': "coalesce(facts.users, '')",
            'users_before': "coalesce(facts.users_before, '')",
        }.items() %}
            {%- set phrase.sql =
                "replace(\n" ~ phrase.sql ~ ",\n'{" ~ name ~ "}', " ~ text ~ ")" -%}
        {%- endfor %}
        {{ phrase.sql }} as reason
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
    left join facts
        on summed.account_id = facts.account_id

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
                    grouped.comes_last asc, grouped.is_change desc,
                    grouped.known_contribution desc, grouped.reason_group asc
            )
        end as reason_number
    from grouped

)

select {{ contract_columns('numbered') }}
from numbered
