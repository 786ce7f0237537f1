with accounts as (

    select * from {{ ref('feat_accounts_daily') }}
    where is_paying and {{ is_built_health_day('as_of_date') }}

),

features as (

    select * from {{ ref('health_features') }}
    where input_measure is not null

),

effects as (

    select * from {{ ref('int_support_measures__dated') }}
    union all
    select * from {{ ref('int_sentiment_measures__dated') }}
    union all
    select * from {{ ref('int_preparedness_measures__dated') }}
    union all
    select * from {{ ref('int_engagement_measures__dated') }}

),

-- of the facts that became known together only the newest says how old the feature is
happened as (

    select
        effects.account_id,
        features.feature_name,
        features.expires_days,
        greatest(effects.effective_from_date, {{ add_days('effects.happened_date', 1) }})
            as from_date,
        max(effects.happened_date) as happened_date
    from effects
    inner join features
        on effects.measure = features.input_measure
    where
        effects.effective_from_date < effects.effective_until_date
        and effects.account_id is not null
    group by
        effects.account_id, features.feature_name, features.expires_days,
        greatest(effects.effective_from_date, {{ add_days('effects.happened_date', 1) }})

),

newest as (

    select
        happened.account_id,
        happened.feature_name,
        happened.expires_days,
        happened.from_date,
        lead(happened.from_date, 1, cast('9999-01-01' as date)) over (
            partition by happened.account_id, happened.feature_name
            order by happened.from_date
        ) as until_date,
        max(happened.happened_date) over (
            partition by happened.account_id, happened.feature_name
            order by happened.from_date
            rows between unbounded preceding and current row
        ) as input_date
    from happened

),

expired as (

    select
        accounts.account_id,
        accounts.as_of_date,
        newest.feature_name,
        newest.input_date
    from newest
    inner join accounts
        on
            newest.account_id = accounts.account_id
            and accounts.as_of_date >= newest.from_date
            and accounts.as_of_date < newest.until_date
    where
        {{ add_days('newest.input_date', 'newest.expires_days') }} < accounts.as_of_date
        and {{ feature_value('newest.feature_name', 'accounts') }} is not null

)

select * from expired
