select count(*) as default_rows
from {{ ref('csm_capacity') }}
where csm_id = 'default'
having count(*) <> 1
