select sum(weight) as weight_sum
from {{ ref('health_weights') }}
having sum(weight) <> 100
