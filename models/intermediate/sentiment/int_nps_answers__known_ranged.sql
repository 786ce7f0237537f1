with responses as (

    select * from {{ ref('stg_sentiment__nps_response_versions') }}
    where score between 0 and 10

),

-- an answer counts until the same contact's next one, or its correction, is known
ranged as (

    select
        responses.response_id,
        responses.account_id,
        responses.score,
        cast(responses.responded_at as date) as responded_date,
        {{ add_days('responses.known_at', 1) }} as as_of_from_date,
        least(
            {{ add_days('responses.responded_at', 181) }},
            coalesce(
                {{ add_days(
                    'min(responses.known_at) over (
                        partition by
                            responses.account_id,
                            coalesce(responses.contact_id, responses.response_id)
                        order by
                            responses.responded_at, responses.changed_at, responses.known_at
                        rows between 1 following and unbounded following
                    )', 1
                ) }},
                cast('9999-01-01' as date)
            )
        ) as as_of_until_date
    from responses

)

select * from ranged
where ranged.as_of_from_date < ranged.as_of_until_date
