with words as (

    select * from {{ ref('reported_values') }}

),

-- what nobody mapped is put aside and counted (rule reported_value_unmapped)
mapped as (

    select
        changes.change_id,
        changes.account_id,
        roles.value as role,
        kinds.value as change_type,
        changes.changed_at,
        changes.known_at
    from {{ ref('stg_engagement__key_contact_changes') }} as changes
    inner join words as roles
        on changes.role = roles.reported_value and roles.field = 'key_contact_role'
    inner join words as kinds
        on changes.change_type = kinds.reported_value and kinds.field = 'key_contact_change'

)

select * from mapped
