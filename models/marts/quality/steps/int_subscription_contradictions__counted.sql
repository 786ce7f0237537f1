with versions as (

    select * from {{ ref('stg_subscription__subscription_versions') }}

),

accounts as (

    select distinct account_id
    from {{ ref('stg_master_records__account_versions') }}

),

items_summed as (

    select
        items.subscription_id,
        items.changed_at,
        items.known_at,
        max(case when items.unit_amount_minor < 0 or items.quantity < 0 then 1 else 0 end)
            as is_negative
    from {{ ref('stg_subscription__subscription_item_versions') }} as items
    group by items.subscription_id, items.changed_at, items.known_at

),

overlapping as (

    select * from {{ ref('int_subscription_versions__overlapped') }}

),

ordered as (

    select
        versions.*,
        row_number() over (
            partition by versions.subscription_id
            order by versions.changed_at desc, versions.known_at desc
        ) as recency,
        max(versions.changed_at) over (
            partition by versions.subscription_id
            order by versions.known_at, versions.changed_at
            rows between unbounded preceding and 1 preceding
        ) as changed_before_at
    from versions

),

versions_counted as (

    select
        count(*) as versions,
        count(case when ordered.changed_at <= ordered.changed_before_at then 1 end) as backdated,
        count(
            case
                when items_summed.subscription_id is null and ordered.unreadable is null then 1
            end
        ) as without_item,
        count(case when items_summed.is_negative = 1 then 1 end) as negative,
        count(overlapping.subscription_id) as overlapping
    from ordered
    left join items_summed
        on
            ordered.subscription_id = items_summed.subscription_id
            and ordered.changed_at = items_summed.changed_at
            and ordered.known_at = items_summed.known_at
    left join overlapping
        on
            ordered.subscription_id = overlapping.subscription_id
            and ordered.changed_at = overlapping.changed_at
            and ordered.known_at = overlapping.known_at

),

latest_counted as (

    select
        count(*) as subscriptions,
        count(case when accounts.account_id is null then 1 end) as orphaned,
        count(ordered.ended_at) as ended,
        count(case when ordered.ended_at <= ordered.started_at then 1 end) as never_in_force,
        count(case when ordered.status = 'trialing' then 1 end) as trials,
        count(
            case when ordered.status = 'trialing' and ordered.trial_ended_at is null then 1 end
        ) as endless_trials
    from ordered
    left join accounts
        on ordered.account_id = accounts.account_id
    where ordered.recency = 1

),

counted as (

    select
        versions_counted.*,
        latest_counted.*
    from versions_counted
    cross join latest_counted

),

rules as (

    select * from {{ ref('contradiction_rules') }}
    where computed_in = 'int_subscription_contradictions__counted'

),

reported as (

    select
        rules.rule_name,
        cast(case rules.rule_name
            when 'subscription_without_account' then counted.subscriptions
            when 'subscription_version_without_item' then counted.versions
            when 'subscription_with_negative_amount' then counted.versions
            when 'subscription_versions_overlapping' then counted.versions
            when 'subscription_never_in_force' then counted.ended
            when 'subscription_version_backdated' then counted.versions
            when 'trial_without_end' then counted.trials
        end as bigint) as rows_checked,
        cast(case rules.rule_name
            when 'subscription_without_account' then counted.orphaned
            when 'subscription_version_without_item' then counted.without_item
            when 'subscription_with_negative_amount' then counted.negative
            when 'subscription_versions_overlapping' then counted.overlapping
            when 'subscription_never_in_force' then counted.never_in_force
            when 'subscription_version_backdated' then counted.backdated
            when 'trial_without_end' then counted.endless_trials
        end as bigint) as rows_failing
    from rules
    cross join counted

)

select * from reported
