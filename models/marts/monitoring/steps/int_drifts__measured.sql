with bins as (

    select * from {{ ref('int_drift_bins__compared') }}
    -- a bin that is empty on both sides says nothing
    where reference_count + current_count > 0

),

thresholds as (

    select * from {{ ref('monitoring_thresholds') }}
    where threshold_name = 'drift_family_alpha'

),

sized as (

    select
        bins.*,
        count(*) over (
            partition by
                bins.as_of_date, bins.comparison, bins.model_version, bins.feature_name
        ) as bins_count,
        -- shares of a training: exact whatever the order of the rows, and whole
        cast(round(sum(cast(bins.reference_count as decimal(38, 12))) over (
            partition by
                bins.as_of_date, bins.comparison, bins.model_version, bins.feature_name
        ), 6) as {{ column_type('double') }}) as reference_accounts,
        sum(bins.current_count) over (
            partition by
                bins.as_of_date, bins.comparison, bins.model_version, bins.feature_name
        ) as current_accounts
    from bins

),

shared as (

    select
        sized.*,
        (sized.reference_count + 0.5) / (sized.reference_accounts + 0.5 * sized.bins_count)
            as reference_share,
        (sized.current_count + 0.5) / (sized.current_accounts + 0.5 * sized.bins_count)
            as current_share
    from sized
    where sized.reference_accounts > 0 and sized.current_accounts > 0

),

summed as (

    select
        shared.as_of_date,
        shared.comparison,
        shared.target,
        shared.model_version,
        shared.feature_name,
        shared.bins_count,
        shared.reference_accounts,
        shared.current_accounts,
        1.0 / shared.current_accounts + 1.0 / shared.reference_accounts as sampling_scale,
        {{ exact_sum('(shared.current_share - shared.reference_share)
            * ln(shared.current_share / shared.reference_share)') }} as psi
    from shared
    group by
        shared.as_of_date, shared.comparison, shared.target, shared.model_version,
        shared.feature_name, shared.bins_count, shared.reference_accounts,
        shared.current_accounts

),

-- one alarm among all of a night's tests is what may come by chance in so few nights (D124)
levelled as (

    select
        summed.*,
        summed.bins_count - 1.0 as freedom,
        {{ normal_quantile('(thresholds.threshold_value / count(*) over (
            partition by summed.as_of_date, summed.comparison
        ))') }} as z
    from summed
    cross join thresholds

),

-- without drift, psi over its scale is spread like chi-square (Wilson and Hilferty's quantile)
limited as (

    select
        levelled.*,
        levelled.freedom * levelled.sampling_scale as expected_psi,
        case
            when levelled.freedom > 0
                then
                    levelled.sampling_scale * levelled.freedom * power(
                        1 - 2 / (9 * levelled.freedom)
                        + levelled.z * sqrt(2 / (9 * levelled.freedom)),
                        3
                    )
        end as psi_limit
    from levelled

),

judged as (

    select
        limited.as_of_date,
        limited.comparison,
        limited.target,
        limited.model_version,
        limited.feature_name,
        limited.bins_count,
        limited.reference_accounts,
        limited.current_accounts,
        limited.psi,
        limited.expected_psi,
        limited.psi_limit,
        coalesce(limited.psi > limited.psi_limit, false) as is_beyond_chance
    from limited

)

select * from judged
