with users as (

    select * from {{ ref('stg_master_records__user_versions') }}

),

rules as (

    select * from {{ ref('internal_user_rules') }}

),

first_known as (

    select
        users.user_id,
        users.email_domain,
        users.user_type,
        cast(users.known_at as date) as known_date,
        row_number() over (
            partition by users.user_id
            order by cast(users.known_at as date), users.changed_at, users.known_at
        ) as version_number
    from users

),

classified as (

    select
        first_known.user_id,
        first_known.known_date,
        max(case when rules.rule_id is null then 0 else 1 end) = 1 as is_internal_or_bot
    from first_known
    left join rules
        on
            (rules.matches_on = 'email_domain' and rules.match_value = first_known.email_domain)
            or (rules.matches_on = 'user_type' and rules.match_value = first_known.user_type)
    where first_known.version_number = 1
    group by first_known.user_id, first_known.known_date

)

select * from classified
