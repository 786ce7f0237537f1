-- Lives go by what was known then, churns by what is known now: an end that was entered weeks late
-- may put two churns into one life, which is worth a look.
{{ config(severity='warn') }}

select
    lives.account_id,
    lives.life_number,
    count(*) as churn_count
from {{ ref('int_account_lives__numbered') }} as lives
inner join {{ ref('fct_account_churns') }} as churns
    on
        lives.account_id = churns.account_id
        and churns.churn_date > lives.life_started_date
        and churns.churn_date <= lives.next_life_started_date
group by lives.account_id, lives.life_number
having count(*) > 1
