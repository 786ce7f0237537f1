{%- set alert_days = var('business_alert_days') -%}

with limits as (

    select * from {{ ref('alert_rules') }}

),

worklists as (

    select
        worklists.account_id,
        worklists.as_of_date,
        worklists.model_version,
        worklists.is_on_worklist,
        worklists.arr_usd,
        worklists.churn_probability * worklists.arr_usd as arr_at_risk_usd
    from {{ ref('rpt_at_risk_accounts_history') }} as worklists
    where
        worklists.as_of_date > {{ add_days(as_of_date(), -alert_days) }}
        and worklists.as_of_date <= {{ as_of_date() }}

),

totals as (

    select
        worklists.as_of_date,
        worklists.model_version,
        count(*) as scored_count,
        {{ exact_sum('worklists.arr_at_risk_usd') }} as arr_at_risk_usd
    from worklists
    group by worklists.as_of_date, worklists.model_version

),

-- another model is another scale; before three nights there is no usual
compared as (

    select
        totals.as_of_date,
        totals.scored_count,
        totals.arr_at_risk_usd,
        {{ exact_mean('earlier.arr_at_risk_usd') }} as usual_usd
    from totals
    inner join totals as earlier
        on
            totals.model_version = earlier.model_version
            and earlier.as_of_date < totals.as_of_date
            and earlier.as_of_date >= {{ add_days('totals.as_of_date', -28) }}
    group by totals.as_of_date, totals.scored_count, totals.arr_at_risk_usd
    having count(*) >= 3

),

jumps as (

    select
        limits.check_name,
        'all accounts' as checked_object,
        compared.as_of_date,
        compared.scored_count >= limits.floor_value
        and compared.arr_at_risk_usd > compared.usual_usd * (1 + limits.limit_value) as is_breach,
        'ARR at risk ' || cast(cast(round(compared.arr_at_risk_usd, 0) as bigint) as varchar(20))
        || ' US dollars, in the four weeks before '
        || cast(cast(round(compared.usual_usd, 0) as bigint) as varchar(20)) as evidence
    from compared
    inner join limits
        on limits.check_name = 'arr_at_risk_jump'

),

index_days as (

    select
        index_days.as_of_date,
        index_days.revenue_health_index,
        index_days.known_weight,
        index_days.accounts_count
    from {{ ref('fct_revenue_health_daily') }} as index_days
    where
        index_days.level_name = 'company'
        and index_days.as_of_date > {{ add_days(as_of_date(), -alert_days) }}
        and index_days.as_of_date <= {{ as_of_date() }}

),

-- a component that appeared or vanished is no drop
drops as (

    select
        limits.check_name,
        'all accounts' as checked_object,
        index_days.as_of_date,
        index_days.accounts_count >= limits.floor_value
        and index_days.known_weight = earlier.known_weight
        and earlier.revenue_health_index - index_days.revenue_health_index > limits.limit_value
            as is_breach,
        'revenue-health index ' || {{ shown_number('index_days.revenue_health_index') }}
        || ', a week before ' || {{ shown_number('earlier.revenue_health_index') }} as evidence
    from index_days
    inner join index_days as earlier
        on earlier.as_of_date = {{ add_days('index_days.as_of_date', -7) }}
    inner join limits
        on limits.check_name = 'index_drop'
    where
        index_days.revenue_health_index is not null
        and earlier.revenue_health_index is not null

),

champions as (

    select
        changes.account_id,
        cast(changes.changed_at as date) as left_date,
        cast(changes.known_at as date) as known_date
    from {{ ref('int_key_contact_changes__mapped') }} as changes
    where changes.role = 'champion' and changes.change_type = 'left'

),

successors as (

    select
        changes.account_id,
        cast(changes.changed_at as date) as joined_date,
        cast(changes.known_at as date) as known_date
    from {{ ref('int_key_contact_changes__mapped') }} as changes
    where changes.role = 'champion' and changes.change_type = 'joined'

),

-- what is known on a night is what the sync had read before it
missed as (

    select
        worklists.account_id,
        worklists.as_of_date,
        worklists.arr_usd,
        max(champions.left_date) as left_date,
        max(successors.joined_date) as joined_date
    from worklists
    inner join champions
        on
            worklists.account_id = champions.account_id
            and champions.known_date < worklists.as_of_date
    left join successors
        on
            worklists.account_id = successors.account_id
            and successors.known_date < worklists.as_of_date
    group by worklists.account_id, worklists.as_of_date, worklists.arr_usd

),

departures as (

    select
        limits.check_name,
        missed.account_id as checked_object,
        missed.as_of_date,
        missed.arr_usd >= limits.floor_value
        and {{ days_between('missed.left_date', 'missed.as_of_date') }} <= limits.limit_value
        and coalesce(missed.joined_date < missed.left_date, true) as is_breach,
        'the champion left on ' || cast(missed.left_date as varchar(10))
        || ', nobody has followed; ARR '
        || cast(cast(round(missed.arr_usd, 0) as bigint) as varchar(20))
        || ' US dollars' as evidence
    from missed
    inner join limits
        on limits.check_name = 'champion_left'

),

responses as (

    select * from {{ ref('int_worklist_responses__dated') }}
    where contacted_count is not null

),

listed as (

    select distinct worklists.account_id
    from worklists
    where worklists.is_on_worklist

),

-- the last night on the list whose time for a contact was over
flagged as (

    select
        worklists.account_id,
        worklists.as_of_date,
        worklists.is_on_worklist,
        max(responses.as_of_date) as flagged_date
    from worklists
    inner join listed
        on worklists.account_id = listed.account_id
    left join responses
        on
            worklists.account_id = responses.account_id
            and {{ add_days('responses.as_of_date', var('contact_window_days')) }}
            <= worklists.as_of_date
    group by worklists.account_id, worklists.as_of_date, worklists.is_on_worklist

),

renewals as (

    select
        limits.check_name,
        flagged.account_id as checked_object,
        flagged.as_of_date,
        flagged.is_on_worklist
        and coalesce(responses.contacted_count = 0, false)
        and coalesce(
            features.days_to_term_end between limits.floor_value and limits.limit_value, false
        ) as is_breach,
        'renews in ' || cast(cast(round(features.days_to_term_end, 0) as bigint) as varchar(20))
        || ' days, on the list since ' || cast(flagged.flagged_date as varchar(10))
        || ', not contacted' as evidence
    from flagged
    inner join limits
        on limits.check_name = 'renewal_not_contacted'
    left join responses
        on
            flagged.account_id = responses.account_id
            and flagged.flagged_date = responses.as_of_date
    left join {{ ref('feat_accounts_daily') }} as features
        on
            flagged.account_id = features.account_id
            and flagged.as_of_date = features.as_of_date

),

-- what the last sync of a night's values ended in
syncs as (

    select
        limits.check_name,
        syncs.destination as checked_object,
        syncs.as_of_date,
        syncs.state <> 'finished' as is_breach,
        'sync ' || syncs.state || coalesce(': ' || syncs.cause, '') as evidence
    from {{ ref('stg_operations__syncs') }} as syncs
    inner join limits
        on limits.check_name = 'crm_sync'
    where
        syncs.is_last_of_night
        and syncs.as_of_date > {{ add_days(as_of_date(), -alert_days) }}
        and syncs.as_of_date <= {{ as_of_date() }}

),

checked as (

    select * from jumps
    union all
    select * from drops
    union all
    select * from departures
    union all
    select * from renewals
    union all
    select * from syncs

)

select * from checked
