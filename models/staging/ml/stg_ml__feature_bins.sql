with bins as (

    select * from {{ source('ml', 'feature_bins') }}

),

selected as (

    select
        bins.model_version,
        bins.target,
        bins.feature_name,
        bins.bin_number,
        bins.lower_bound,
        bins.upper_bound,
        bins.share
    from bins

)

select * from selected
