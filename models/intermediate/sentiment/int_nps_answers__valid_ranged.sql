with versions as (

    select
        response_versions.*,
        row_number() over (
            partition by response_versions.response_id
            order by response_versions.changed_at desc, response_versions.known_at desc
        ) as recency
    from {{ ref('stg_sentiment__nps_response_versions') }} as response_versions
    -- any other is put aside and counted (rule reported_value_unmapped)
    where response_versions.score is null or response_versions.score between 0 and 10

),

-- an answer counts until the day of the same contact's next one; of one day's, the last
followed as (

    select
        versions.response_id,
        versions.account_id,
        versions.score,
        cast(versions.responded_at as date) as responded_date,
        lead(cast(versions.responded_at as date)) over (
            partition by
                versions.account_id,
                coalesce(versions.contact_id, versions.response_id)
            order by versions.responded_at, versions.response_id
        ) as next_responded_date
    from versions
    where versions.recency = 1 and versions.score is not null

),

ranged as (

    select
        followed.response_id,
        followed.account_id,
        followed.score,
        followed.responded_date,
        {{ add_days('followed.responded_date', 1) }} as valid_from_date,
        least(
            {{ add_days('followed.responded_date', 181) }},
            coalesce(
                {{ add_days('followed.next_responded_date', 1) }}, cast('9999-01-01' as date)
            )
        ) as valid_until_date
    from followed

)

select * from ranged
where ranged.valid_from_date < ranged.valid_until_date
