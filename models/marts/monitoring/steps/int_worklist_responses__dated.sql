with flagged as (

    select
        worklists.account_id,
        worklists.as_of_date,
        {{ add_days('worklists.as_of_date', var('contact_window_days')) }} as contact_end_date,
        {{ add_days('worklists.as_of_date', var('save_window_days')) }} as save_end_date
    from {{ ref('rpt_at_risk_accounts_history') }} as worklists
    where
        worklists.is_on_worklist
        and worklists.as_of_date <= {{ as_of_date() }}
        -- what nobody saw nobody answered (D179)
        and not coalesce(worklists.is_replayed, false)

),

contacts as (

    select distinct
        flagged.account_id,
        flagged.as_of_date
    from flagged
    inner join {{ ref('fct_interventions') }} as interventions
        on
            flagged.account_id = interventions.account_id
            and interventions.done_date >= flagged.as_of_date
            and interventions.done_date < flagged.contact_end_date

),

churns as (

    select distinct
        flagged.account_id,
        flagged.as_of_date
    from flagged
    inner join {{ ref('fct_account_churns') }} as account_churns
        on
            flagged.account_id = account_churns.account_id
            and flagged.as_of_date <= account_churns.churn_date
            and flagged.save_end_date > account_churns.churn_date

),

final as (

    select
        flagged.account_id,
        flagged.as_of_date,
        case
            when flagged.contact_end_date <= {{ as_of_date() }}
                then case when contacts.account_id is not null then 1 else 0 end
        end as contacted_count,
        case
            when
                contacts.account_id is not null
                -- a churn shows after its gap
                and {{ add_days('flagged.save_end_date', var('churn_gap_days')) }}
                <= {{ as_of_date() }}
                then case when churns.account_id is null then 1 else 0 end
        end as saved_count
    from flagged
    left join contacts
        on
            flagged.account_id = contacts.account_id
            and flagged.as_of_date = contacts.as_of_date
    left join churns
        on
            flagged.account_id = churns.account_id
            and flagged.as_of_date = churns.as_of_date

)

select * from final
