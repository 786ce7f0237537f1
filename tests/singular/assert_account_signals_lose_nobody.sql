-- Every paying account is in the index once, and the index counts every signal that stands tonight.
with paying as (

    select account_id
    from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }} and is_paying

),

indexed as (

    select
        account_id,
        risk_signals_count + expansion_signals_count as signals_count
    from {{ ref('rpt_account_signals') }}

),

stood as (

    select
        account_id,
        count(*) as signals_count
    from {{ ref('fct_account_signals') }}
    where as_of_date = {{ as_of_date() }}
    group by account_id

)

select
    coalesce(paying.account_id, indexed.account_id, stood.account_id) as account_id,
    indexed.signals_count as signals_indexed,
    stood.signals_count as signals_standing
from paying
full outer join indexed
    on paying.account_id = indexed.account_id
full outer join stood
    on coalesce(paying.account_id, indexed.account_id) = stood.account_id
where
    paying.account_id is null
    or indexed.account_id is null
    or indexed.signals_count <> coalesce(stood.signals_count, 0)
