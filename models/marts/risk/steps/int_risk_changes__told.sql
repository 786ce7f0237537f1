with reasons as (

    select * from {{ ref('rpt_risk_reasons') }}

),

predictions as (

    select * from {{ ref('stg_ml__predictions') }}
    where target = 'churn'

),

feature_groups as (

    select
        groups.reason_group,
        max(groups.group_words) as group_words
    from {{ ref('feature_groups') }} as groups
    group by groups.reason_group

),

features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }}

),

limits as (

    select * from {{ ref('int_worklist_rules__pivoted') }}

),

ranked as (

    select
        reasons.account_id,
        reasons.model_version,
        reasons.contribution_before,
        reasons.contribution - reasons.contribution_before as change,
        coalesce(feature_groups.group_words, reasons.reason_group) as group_words,
        row_number() over (
            partition by reasons.account_id, reasons.model_version
            order by
                abs(reasons.contribution - reasons.contribution_before) desc,
                reasons.reason_group asc
        ) as change_rank
    from reasons
    left join feature_groups
        on reasons.reason_group = feature_groups.reason_group

),

-- the two groups that moved most are told by name, if they moved enough
summed as (

    select
        ranked.account_id,
        ranked.model_version,
        cast(sum(ranked.contribution_before) as {{ column_type('double') }}) as log_odds_before,
        cast(sum(ranked.change) as {{ column_type('double') }}) as log_odds_change,
        cast(sum(
            case
                when ranked.change_rank <= 2 and abs(ranked.change) >= limits.smallest_reason then 0
                else ranked.change
            end
        ) as {{ column_type('double') }}) as change_of_the_rest,
        {%- for number in [1, 2] %}
        max(case
            when
                ranked.change_rank = {{ number }}
                and abs(ranked.change) >= limits.smallest_reason
                then {{ odds_factor('ranked.change') }} || ' from ' || ranked.group_words
        end) as part_{{ number }}{{ ',' if not loop.last }}
        {%- endfor %}
    from ranked
    cross join limits
    group by ranked.account_id, ranked.model_version

),

-- whether features reach back so far at all
reach as (

    select count(summed.log_odds_before) as accounts_before
    from summed

),

split as (

    select
        summed.account_id,
        summed.model_version,
        summed.log_odds_change,
        summed.change_of_the_rest,
        summed.part_1,
        summed.part_2,
        tonight.probability,
        tonight.baseline_log_odds + summed.log_odds_before - published.log_odds as model_change,
        coalesce(
            published.probability,
            1 / (1 + exp(-(tonight.baseline_log_odds + summed.log_odds_before)))
        ) as probability_before,
        reach.accounts_before > 0 as reaches_back,
        features.account_age_days
    from summed
    cross join reach
    inner join predictions as tonight
        on
            summed.account_id = tonight.account_id
            and summed.model_version = tonight.model_version
            and tonight.as_of_date = {{ as_of_date() }}
    left join predictions as published
        on
            summed.account_id = published.account_id
            and summed.log_odds_before is not null
            and published.as_of_date = {{ add_days(as_of_date(), -var('why_now_days')) }}
    left join features
        on summed.account_id = features.account_id

),

written as (

    select
        split.*,
        split.log_odds_change + coalesce(split.model_change, 0) as whole_change,
        {{ percent_in_words('split.probability_before') }} as before_text,
        {{ percent_in_words('split.probability') }} as now_text,
        -- what multiplies by 1.00 is not told
        case when split.part_1 is null then '' else ', ' || split.part_1 end
        || case when split.part_2 is null then '' else ', ' || split.part_2 end
        || case
            when abs(split.change_of_the_rest) < 0.005 then ''
            else ', ' || {{ odds_factor('split.change_of_the_rest') }}
                || case when split.part_1 is null then ' from all groups' else ' from all else' end
        end
        || case
            when abs(split.model_change) >= 0.005
                then ', ' || {{ odds_factor('split.model_change') }} || ' from another model'
            else ''
        end as parts,
        {{ day_in_words(add_days(as_of_date(), -var('why_now_days'))) }} as then_text
    from split

),

told as (

    select
        written.account_id,
        written.model_version,
        written.log_odds_change,
        written.model_change,
        case
            when not written.reaches_back then null
            when
                written.log_odds_change is null
                and written.account_age_days < {{ var('why_now_days') }}
                then 'a customer for '
                || cast(cast(written.account_age_days as integer) as varchar(20))
                || ' days: nothing before to compare with'
            when written.log_odds_change is null then 'was not paying on ' || written.then_text
            when abs(written.whole_change) < limits.smallest_reason
                then 'little has changed since ' || written.then_text || ': '
                || written.before_text || ' then, ' || written.now_text || ' now'
            else case when written.whole_change > 0 then 'up' else 'down' end
                || ' from ' || written.before_text || ' to ' || written.now_text
                || ' since ' || written.then_text || ': odds ' || substring(written.parts, 3)
        end as why_now
    from written
    cross join limits

)

select * from told
