-- What features say of MRR and terms comes from subscriptions known and begun before the date, for
-- the dates just built: counted from the versions, without the ranges that features are made of.
with features as (

    select
        account_id,
        as_of_date,
        mrr,
        renewing_days_60d,
        {{ add_days('as_of_date', 'cast(days_to_term_end as integer)') }} as term_end_date
    from {{ ref('feat_accounts_daily') }}
    where is_paying and as_of_date > {{ tested_since() }}

),

versions as (

    select
        account_id,
        subscription_id,
        coalesce(mrr_cents, 0) as mrr_cents,
        cast(known_at as date) as known_date,
        started_date,
        coalesce(period_started_date, started_date) as term_started_date,
        term_end_date
    from {{ ref('int_subscription_versions__priced') }}
    where account_id is not null

),

by_subscription as (

    select
        features.account_id,
        features.as_of_date,
        versions.subscription_id,
        max(
            case when versions.started_date < features.as_of_date then versions.mrr_cents else 0 end
        ) as mrr_cents,
        -- a term ends where it says, or where the next one, agreed already, begins
        max(
            case
                when versions.term_started_date >= features.as_of_date
                    then case when versions.term_started_date = features.term_end_date then 1 end
                when versions.term_end_date = features.term_end_date then 1
            end
        ) as has_term,
        max(
            case
                when versions.term_started_date >= features.as_of_date
                    then versions.term_started_date
                else versions.term_end_date
            end
        ) as last_term_end_date
    from features
    inner join versions
        on
            features.account_id = versions.account_id
            and versions.known_date < features.as_of_date
    group by features.account_id, features.as_of_date, versions.subscription_id

),

begun as (

    select
        by_subscription.account_id,
        by_subscription.as_of_date,
        sum(by_subscription.mrr_cents) as mrr_cents,
        max(by_subscription.has_term) as has_term,
        max(by_subscription.last_term_end_date) as last_term_end_date
    from by_subscription
    group by by_subscription.account_id, by_subscription.as_of_date

)

select
    features.account_id,
    features.as_of_date,
    features.mrr,
    features.term_end_date,
    features.renewing_days_60d
from features
left join begun
    on
        features.account_id = begun.account_id
        and features.as_of_date = begun.as_of_date
where
    features.mrr * 100 > coalesce(begun.mrr_cents, 0) + 0.001
    or (features.term_end_date is not null and begun.has_term is null)
    or (
        features.renewing_days_60d = 0
        and begun.last_term_end_date < {{ add_days('features.as_of_date', 60) }}
    )
