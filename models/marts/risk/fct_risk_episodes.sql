{% set gap_days = var('episode_gap_days') -%}
{% set window_end = add_days('opened.counted_from_date', var('contact_window_days')) -%}
{% set save_end = add_days('opened.counted_from_date', var('save_window_days')) -%}

with worklists as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}
    where as_of_date <= {{ as_of_date() }}

),

latest as (

    select max(worklists.as_of_date) as as_of_date from worklists

),

flags as (

    select
        worklists.account_id,
        worklists.life_number,
        worklists.as_of_date,
        worklists.churn_probability,
        worklists.risk_tier,
        worklists.arr_usd,
        worklists.csm_id,
        coalesce(worklists.is_replayed, false) as is_replayed,
        case
            when {{ days_between(
                'lag(worklists.as_of_date) over (
                    partition by worklists.account_id, worklists.life_number
                    order by worklists.as_of_date
                )', 'worklists.as_of_date'
            ) }} <= {{ gap_days }} then 0
            else 1
        end as opens_count
    from worklists
    where coalesce(worklists.is_flagged, worklists.is_on_worklist)

),

numbered as (

    select
        flags.*,
        sum(flags.opens_count) over (
            partition by flags.account_id
            order by flags.as_of_date
            rows between unbounded preceding and current row
        ) as episode_number
    from flags

),

spanned as (

    select
        numbered.account_id,
        numbered.episode_number,
        min(numbered.as_of_date) as first_flag_date,
        max(numbered.as_of_date) as last_flag_date,
        min(case when not numbered.is_replayed then numbered.as_of_date end) as first_shown_date,
        count(*) as nights_count
    from numbered
    group by numbered.account_id, numbered.episode_number

),

opened as (

    select
        spanned.*,
        first_nights.life_number,
        first_nights.churn_probability,
        first_nights.risk_tier,
        first_nights.arr_usd,
        first_nights.csm_id,
        spanned.last_flag_date = latest.as_of_date as is_standing,
        spanned.first_shown_date is null as is_replayed,
        coalesce(spanned.first_shown_date, spanned.first_flag_date) as counted_from_date
    from spanned
    cross join latest
    inner join numbered as first_nights
        on
            spanned.account_id = first_nights.account_id
            and spanned.first_flag_date = first_nights.as_of_date

),

contacts as (

    select
        opened.account_id,
        opened.episode_number,
        interventions.done_date,
        interventions.playbook,
        interventions.channel,
        row_number() over (
            partition by opened.account_id, opened.episode_number
            order by interventions.done_date, interventions.intervention_id
        ) as contact_rank
    from opened
    inner join {{ ref('fct_interventions') }} as interventions
        on
            opened.account_id = interventions.account_id
            and interventions.done_date >= opened.counted_from_date
            and interventions.done_date < {{ window_end }}

),

churns as (

    select
        opened.account_id,
        opened.episode_number,
        min(account_churns.churn_date) as churn_date
    from opened
    inner join {{ ref('fct_account_churns') }} as account_churns
        on
            opened.account_id = account_churns.account_id
            and opened.first_flag_date <= account_churns.churn_date
    where account_churns.established_date <= {{ as_of_date() }}
    group by opened.account_id, opened.episode_number

),

-- a churn ends one life: it is that of its last episode
ended as (

    select
        churns.*,
        row_number() over (
            partition by churns.account_id, churns.churn_date
            order by churns.episode_number desc
        ) as episode_rank
    from churns

),

features as (

    select
        features.account_id,
        features.as_of_date,
        features.mrr
    from {{ ref('feat_accounts_daily') }} as features

),

settled as (

    select
        opened.*,
        contacts.done_date as first_contact_date,
        contacts.playbook,
        contacts.channel,
        case when ended.episode_rank = 1 then ended.churn_date end as churn_date,
        case
            when {{ window_end }} <= {{ as_of_date() }}
                then case when contacts.account_id is not null then 1 else 0 end
        end as contacted_count,
        case
            -- a churn shows after its gap
            when {{ add_days(save_end, var('churn_gap_days')) }} <= {{ as_of_date() }}
                then
                    case
                        when
                            churns.churn_date >= opened.counted_from_date
                            and churns.churn_date < {{ save_end }} then 0
                        else 1
                    end
        end as retained_count,
        case
            when {{ save_end }} <= {{ as_of_date() }}
                then case when later.mrr > before.mrr then 1 else 0 end
        end as expanded_count
    from opened
    left join contacts
        on
            opened.account_id = contacts.account_id
            and opened.episode_number = contacts.episode_number
            and contacts.contact_rank = 1
    left join churns
        on
            opened.account_id = churns.account_id
            and opened.episode_number = churns.episode_number
    left join ended
        on
            opened.account_id = ended.account_id
            and opened.episode_number = ended.episode_number
    left join features as before
        on
            opened.account_id = before.account_id
            and opened.counted_from_date = before.as_of_date
    left join features as later
        on
            opened.account_id = later.account_id
            and {{ save_end }} = later.as_of_date

),

final as (

    select
        settled.*,
        {{ days_between('settled.first_flag_date', 'settled.churn_date') }} as lead_time_days
    from settled

)

select {{ contract_columns('final') }}
from final
