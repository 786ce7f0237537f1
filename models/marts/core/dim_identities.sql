with accounts as (

    select * from {{ ref('dim_accounts') }}

),

on_file as (

    select distinct versions.account_id
    from {{ ref('stg_master_records__account_versions') }} as versions

),

-- a subscription's own word goes before its customer's
told as (

    select
        'workspace' as system_name,
        workspaces.workspace_id as record_id,
        1 as teller,
        workspaces.account_id,
        workspaces.changed_at,
        workspaces.known_at
    from {{ ref('stg_master_records__workspace_versions') }} as workspaces
    union all
    select
        'billing customer' as system_name,
        customers.customer_id as record_id,
        1 as teller,
        customers.account_id,
        customers.changed_at,
        customers.known_at
    from {{ ref('stg_subscription__customer_versions') }} as customers
    union all
    select
        'billing customer' as system_name,
        subscriptions.customer_id as record_id,
        0 as teller,
        subscriptions.account_id,
        subscriptions.changed_at,
        subscriptions.known_at
    from {{ ref('stg_subscription__subscription_versions') }} as subscriptions
    where subscriptions.customer_id is not null

),

-- what is named first counts: what is known later moves no past
ranked as (

    select
        told.*,
        row_number() over (
            partition by told.system_name, told.record_id
            order by
                case when told.account_id is null then 1 else 0 end,
                told.teller, told.known_at, told.changed_at, told.account_id
        ) as telling_rank
    from told
    where told.known_at < {{ as_of_midnight() }}

),

named as (

    select
        ranked.system_name,
        ranked.record_id,
        max(case when ranked.telling_rank = 1 then ranked.account_id end) as account_id,
        max(case when ranked.telling_rank = 1 then ranked.teller end) as teller,
        count(distinct ranked.account_id) as accounts_count,
        min(cast(ranked.known_at as date)) as known_date
    from ranked
    group by ranked.system_name, ranked.record_id

),

linked as (

    select
        named.system_name,
        named.record_id,
        named.account_id,
        named.accounts_count,
        named.known_date,
        case
            when named.account_id is null then 'none'
            when named.teller = 0 then 'named by a subscription'
            else 'named by the record'
        end as link_rule,
        case
            when named.account_id is null then 'names no account'
            when named.accounts_count > 1 then 'names several accounts'
            when on_file.account_id is null then 'account not on file'
            when accounts.account_id is null or accounts.is_deleted
                then 'account deleted or merged in the CRM'
        end as conflict,
        coalesce(accounts.mrr_usd, 0) as mrr_usd
    from named
    left join accounts
        on named.account_id = accounts.account_id
    left join on_file
        on named.account_id = on_file.account_id

),

weighed as (

    select
        linked.*,
        case
            when linked.conflict is null then 'certain'
            when linked.conflict = 'account deleted or merged in the CRM' then 'likely'
            when linked.conflict = 'names several accounts' then 'doubtful'
            else 'none'
        end as confidence
    from linked

)

select {{ contract_columns('weighed') }}
from weighed
