-- Every paying account is in one segment: the segments' MRR is the MRR of all accounts on file.
with by_segment as (

    select
        accounts.segment,
        sum(accounts.mrr_usd) as mrr_usd
    from {{ ref('dim_accounts') }} as accounts
    where accounts.segment is not null
    group by accounts.segment

),

segments_total as (

    select coalesce(sum(by_segment.mrr_usd), 0) as mrr_usd
    from by_segment

),

states_total as (

    select coalesce(sum(states.mrr_cents), 0) / 100.0 as mrr_usd
    from {{ ref('int_account_states__known_ranged') }} as states
    inner join {{ ref('dim_accounts') }} as accounts
        on states.account_id = accounts.account_id
    where
        states.as_of_from_date <= {{ as_of_date() }}
        and states.as_of_until_date > {{ as_of_date() }}

)

select
    segments_total.mrr_usd as segments_mrr_usd,
    states_total.mrr_usd as states_mrr_usd
from segments_total
cross join states_total
where abs(segments_total.mrr_usd - states_total.mrr_usd) > 0.005
