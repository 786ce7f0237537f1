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

counted as (

    {% call count_rules({
        'subscription_version_backdated': {
            'fails': 'ordered.changed_at <= ordered.changed_before_at',
        },
        'subscription_version_without_item': {
            'fails': 'items_summed.subscription_id is null and ordered.unreadable is null',
        },
        'subscription_with_negative_amount': {'fails': 'items_summed.is_negative = 1'},
        'subscription_versions_overlapping': {'fails': 'overlapping.subscription_id is not null'},
        'subscription_without_account': {
            'checked': 'ordered.recency = 1',
            'fails': 'accounts.account_id is null',
        },
        'subscription_never_in_force': {
            'checked': 'ordered.recency = 1 and ordered.ended_at is not null',
            'fails': 'ordered.ended_at <= ordered.started_at',
        },
        'trial_without_end': {
            'checked': "ordered.recency = 1 and ordered.status = 'trialing'",
            'fails': 'ordered.trial_ended_at is null',
        },
    }) %}
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
    left join accounts
        on ordered.account_id = accounts.account_id
    {% endcall %}

)

select * from counted
