with versions as (

    select * from {{ ref('int_subscription_versions__judged') }}

),

discounts as (

    select * from {{ ref('int_subscription_discounts__dated') }}
    where from_date < until_date

),

-- days on which a version says ahead that something changes
moments as (

    select
        versions.subscription_id,
        versions.version_number,
        cast('1900-01-01' as date) as from_date
    from versions
    union
    select
        discounts.subscription_id,
        discounts.version_number,
        discounts.from_date
    from discounts
    union
    select
        discounts.subscription_id,
        discounts.version_number,
        discounts.until_date as from_date
    from discounts
    where discounts.until_date < cast('9999-01-01' as date)
    union
    select
        versions.subscription_id,
        versions.version_number,
        versions.trial_ended_date as from_date
    from versions
    where versions.status = 'trialing' and versions.trial_ended_date is not null
    union
    select
        versions.subscription_id,
        versions.version_number,
        versions.resumes_date as from_date
    from versions
    where versions.is_paused and versions.resumes_date is not null

),

cut as (

    select
        moments.subscription_id,
        moments.version_number,
        moments.from_date,
        lead(moments.from_date, 1, cast('9999-01-01' as date)) over (
            partition by moments.subscription_id, moments.version_number
            order by moments.from_date
        ) as until_date
    from moments

)

select * from cut
