-- Once a night is scored, every paying account has one row; ranks run from 1 without a gap; what is
-- reported is what the history keeps.
with reported as (

    select * from {{ ref('rpt_at_risk_accounts') }}

),

kept as (

    select * from {{ ref('rpt_at_risk_accounts_history') }}
    where as_of_date = {{ as_of_date() }}

),

paying as (

    select account_id
    from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }} and is_paying

),

scored as (

    select count(*) as account_count
    from reported

),

checked as (

    select
        paying.account_id,
        'paying account' as what_is_wrong
    from paying
    cross join scored
    left join reported
        on paying.account_id = reported.account_id
    where reported.account_id is null and scored.account_count > 0
    union all
    select
        reported.account_id,
        'rank' as what_is_wrong
    from reported
    cross join scored
    where reported.risk_rank > scored.account_count or reported.risk_rank < 1
    union all
    select
        max(reported.account_id) as account_id,
        'shared rank' as what_is_wrong
    from reported
    group by reported.risk_rank
    having count(*) > 1
    union all
    select
        coalesce(reported.account_id, kept.account_id) as account_id,
        'history' as what_is_wrong
    from reported
    full outer join kept
        on reported.account_id = kept.account_id
    where
        reported.account_id is null
        or kept.account_id is null
        or reported.risk_rank <> kept.risk_rank
        or reported.is_on_worklist <> kept.is_on_worklist

)

select * from checked
