-- Each row is a sentence that the night tells. A warning: other sources read the same seed.
{{ config(severity='warn', group='risk', tags=['before_training']) }}

select distinct
    'seed worklist_suppressions: account ' || suppressions.account_id
    || ' is not on file, and suppresses nobody: is the id mistyped?' as fault_told
from {{ ref('worklist_suppressions') }} as suppressions
left join {{ ref('dim_accounts') }} as accounts
    on suppressions.account_id = accounts.account_id
where
    accounts.account_id is null
    and suppressions.account_id is not null
    and suppressions.until_date > {{ as_of_date() }}
