with items as (

    {{ landed('stripe_fivetran', 'subscription_item') }}

)

select
    cast(null as {{ column_type('varchar') }}) as id,
    cast(null as {{ column_type('varchar') }}) as subscription,
    cast(null as {{ column_type('varchar') }}) as status,
    cast(null as {{ column_type('varchar') }}) as end_behavior,
    cast(null as {{ column_type('varchar') }}) as phases,
    cast(null as boolean) as livemode,
    cast(null as bigint) as created,
    cast(null as bigint) as updated,
    cast(null as {{ column_type('timestamp') }}) as _extracted_at
from items
where 1 = 0
