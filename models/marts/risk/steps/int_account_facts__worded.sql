{%- set then_date = add_days(as_of_date(), -var('why_now_days')) -%}

with features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }}

),

features_before as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ then_date }}

),

relationships as (

    select * from {{ ref('dim_account_relationships') }}

),

looked_up as (

    select
        features.account_id,
        features.mrr,
        features.account_age_days,
        features.avg_dau_30d,
        features_before.avg_dau_30d as avg_dau_30d_before,
        {{ add_days('features.as_of_date', '-features.days_since_last_login') }} as last_used_date,
        {{ add_days('features.as_of_date', 'features.days_to_term_end') }} as term_end_date,
        relationships.departure_date,
        replace(relationships.departure_role, '_', ' ') as departed_role,
        relationships.vacancy_date,
        replace(relationships.vacancy_role, '_', ' ') as vacant_role
    from features
    left join features_before
        on features.account_id = features_before.account_id
    left join relationships
        on features.account_id = relationships.account_id

),

worded as (

    select
        looked_up.account_id,
        {{ day_in_words(then_date) }} as then_text,
        {{ day_in_words('looked_up.last_used_date') }} as last_used,
        -- use of these days is no news
        case
            when looked_up.last_used_date < {{ add_days(as_of_date(), -3) }}
                then {{ day_in_words('looked_up.last_used_date') }}
        end as last_used_before,
        {{ day_in_words('looked_up.term_end_date') }} as term_end,
        {{ day_in_words('looked_up.departure_date') }} as departed,
        looked_up.departed_role,
        {{ day_in_words('looked_up.vacancy_date') }} as vacant_since,
        looked_up.vacant_role,
        {{ phrase_number('looked_up.mrr', "'whole'") }} as mrr,
        {{ phrase_number('looked_up.account_age_days', "'whole'") }} as age,
        looked_up.avg_dau_30d < looked_up.avg_dau_30d_before as has_fallen,
        {{ phrase_number('looked_up.avg_dau_30d', "'digits'") }} as users,
        {{ phrase_number('looked_up.avg_dau_30d_before', "'digits'") }} as users_before
    from looked_up

),

-- who has come back, or reads the same, has no numbers that tell of a fall
fallen as (

    select
        worded.account_id,
        worded.then_text,
        worded.last_used,
        worded.last_used_before,
        worded.term_end,
        worded.departed,
        worded.departed_role,
        worded.vacant_since,
        worded.vacant_role,
        worded.mrr,
        worded.age,
        case when worded.users = '0' then 'none' else worded.users end as users,
        case when worded.has_fallen and worded.users_before <> worded.users then worded.users_before
        end as users_before
    from worded

)

select * from fallen
