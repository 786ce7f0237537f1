with source as (

    {{ landed('ravenstack', 'accounts') }}

),

signed_up as (

    select
        source.*,
        cast(null as {{ column_type('varchar') }}) as account_type,
        cast(source.signup_date as timestamp) as changed_at
    from source

),

dumped as (

    -- an undated flag holds from the last moment of the dump, never from the start
    select
        source.*,
        case when source.churn_flag then 'churned' else 'customer' end as account_type,
        cast('2024-12-31 23:59:59' as timestamp) as changed_at
    from source

),

versions as (

    select * from signed_up
    union all
    select * from dumped

),

renamed as (

    select
        versions.account_id,
        versions.account_name,
        cast(null as {{ column_type('varchar') }}) as crm_owner_id,
        versions.industry,
        versions.country,
        versions.account_type,
        cast(null as {{ column_type('double') }}) as crm_health_score,
        cast(null as date) as contract_end_date,
        cast(null as {{ column_type('double') }}) as crm_arr_usd,
        cast(versions.signup_date as timestamp) as created_at,
        versions.changed_at,
        versions.changed_at as known_at,
        false as is_deleted
    from versions

)

select * from renamed
