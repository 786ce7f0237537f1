with schedules as (

    {{ landed('stripe_dlt', 'subscription_schedule') }}

),

phases as (

    select distinct * from ({{ landed('stripe_dlt', 'subscription_schedule__phases') }}) as phases

),

items as (

    select distinct * from (
        {{ landed('stripe_dlt', 'subscription_schedule__phases__items') }}
    ) as items

),

listed as (

    select
        items._dlt_parent_id as phase_row,
        {{ json_array_of(json_object({
            'price': json_quoted('items.price'), 'quantity': 'items.quantity'
        }), 'items._dlt_list_idx') }} as items
    from items
    group by items._dlt_parent_id

),

phased as (

    select
        phases._dlt_parent_id as schedule_row,
        {{ json_array_of(json_object({
            'start_date': 'phases.start_date',
            'end_date': 'phases.end_date',
            'items': 'listed.items',
        }), 'phases._dlt_list_idx') }} as phases
    from phases
    left join listed
        on phases._dlt_id = listed.phase_row
    group by phases._dlt_parent_id

),

read_rows as (

    select
        schedules.id,
        schedules.subscription,
        schedules.status,
        schedules.end_behavior,
        phased.phases,
        schedules.livemode,
        schedules.created,
        {{ load_epoch('schedules._dlt_load_id') }} as updated,
        {{ load_time('schedules._dlt_load_id') }} as _extracted_at
    from schedules
    left join phased
        on schedules._dlt_id = phased.schedule_row

)

{{ new_versions('read_rows') }}
