with identities as (

    select * from {{ ref('dim_identities') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

workspaces as (

    select distinct identities.account_id
    from identities
    where identities.system_name = 'workspace' and identities.account_id is not null

),

-- where the product delivers no workspaces, nobody lacks one
deliveries as (

    select count(*) as workspaces_count from workspaces

),

gathered as (

    select
        identities.system_name,
        identities.record_id,
        identities.account_id,
        identities.conflict,
        identities.accounts_count,
        identities.mrr_usd
    from identities
    where identities.conflict is not null
    union all
    select
        'crm account' as system_name,
        accounts.account_id as record_id,
        accounts.account_id,
        'pays, and has no workspace' as conflict,
        1 as accounts_count,
        accounts.mrr_usd
    from accounts
    cross join deliveries
    left join workspaces
        on accounts.account_id = workspaces.account_id
    where accounts.is_paying and workspaces.account_id is null and deliveries.workspaces_count > 0

),

told as (

    select
        gathered.*,
        case gathered.conflict
            when 'names no account' then 'name its account where the record is kept'
            when 'names several accounts'
                then 'the first counts: say which is right, and mend the other'
            when 'account not on file'
                then 'does the export leave accounts out, or is the id mistyped?'
            when 'account deleted or merged in the CRM' then 'name the account that stayed'
            else 'is it not used yet, or is the link missing?'
        end as remedy
    from gathered

)

select {{ contract_columns('told') }}
from told
