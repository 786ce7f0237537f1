with account_versions as (

    select * from {{ ref('stg_master_records__account_versions') }}

),

lives as (

    select * from {{ ref('int_account_lives__numbered') }}

),

states as (

    select * from {{ ref('int_account_states__known_ranged') }}
    where
        as_of_from_date <= {{ as_of_date() }}
        and as_of_until_date > {{ as_of_date() }}

),

segments as (

    select * from {{ ref('account_segments') }}

),

ranked as (

    select
        account_versions.*,
        row_number() over (
            partition by account_versions.account_id
            order by account_versions.changed_at desc, account_versions.known_at desc
        ) as recency
    from account_versions

),

first_lives as (

    select
        lives.account_id,
        min(lives.life_started_date) as first_service_date,
        max(lives.life_number) as life_count
    from lives
    group by lives.account_id

),

described as (

    select
        ranked.account_id,
        ranked.account_name,
        ranked.crm_owner_id as csm_id,
        ranked.industry,
        ranked.country,
        ranked.account_type,
        cast(ranked.created_at as date) as created_date,
        ranked.is_deleted,
        first_lives.first_service_date,
        coalesce(first_lives.life_count, 0) as life_count,
        coalesce(states.mrr_cents, 0) > 0 as is_paying,
        coalesce(states.mrr_cents, 0) as mrr_cents,
        states.seat_count,
        states.term_end_date
    from ranked
    left join first_lives
        on ranked.account_id = first_lives.account_id
    left join states
        on ranked.account_id = states.account_id
    -- who is billed is a customer, whatever became of the CRM's record
    where ranked.recency = 1 and (not ranked.is_deleted or coalesce(states.mrr_cents, 0) > 0)

),

segmented as (

    select
        described.account_id,
        max(segments.min_mrr_usd) as min_mrr_usd
    from described
    inner join segments
        on described.mrr_cents / 100.0 >= segments.min_mrr_usd
    where described.is_paying
    group by described.account_id

),

final as (

    select
        described.account_id,
        described.account_name,
        described.csm_id,
        described.industry,
        described.country,
        described.account_type,
        segments.segment,
        described.created_date,
        described.is_deleted,
        described.first_service_date,
        described.life_count,
        described.is_paying,
        described.mrr_cents / 100.0 as mrr_usd,
        described.seat_count,
        described.term_end_date
    from described
    left join segmented
        on described.account_id = segmented.account_id
    left join segments
        on segmented.min_mrr_usd = segments.min_mrr_usd

)

select {{ contract_columns('final') }}
from final
