with source as (

    select * from {{ source('dashboards', 'dashboard_views') }}

),

renamed as (

    select distinct
        source.id as view_id,
        source.dashboard_name,
        source.viewer_id,
        source.viewed_at,
        source._extracted_at as known_at
    from source

)

select * from renamed
