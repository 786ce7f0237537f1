with versions as (

    select * from {{ ref('stg_master_records__account_versions') }}
    -- the record of an account that was deleted says no more than the one before
    where not is_deleted

),

corrected as (

    select
        versions.*,
        row_number() over (
            partition by versions.account_id, versions.changed_at
            order by versions.known_at desc
        ) as recency
    from versions

),

followed as (

    select
        corrected.*,
        row_number() over (
            partition by corrected.account_id
            order by corrected.changed_at
        ) as version_number,
        lead(corrected.changed_at) over (
            partition by corrected.account_id
            order by corrected.changed_at
        ) as next_changed_at
    from corrected
    where corrected.recency = 1

),

ranged as (

    select
        followed.account_id,
        -- nothing older is on record, so it holds from the start
        case
            when followed.version_number = 1 then cast('1900-01-01 00:00:00' as timestamp)
            else followed.changed_at
        end as valid_from_at,
        coalesce(followed.next_changed_at, cast('9999-01-01 00:00:00' as timestamp))
            as valid_until_at,
        coalesce(followed.industry, 'unassigned') as industry,
        coalesce(followed.country, 'unassigned') as country,
        coalesce(followed.crm_owner_id, 'unassigned') as owner
    from followed

)

select * from ranged
