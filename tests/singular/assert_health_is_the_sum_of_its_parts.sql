-- Tonight's scores are their contributions to the last decimal, by component and in all; every
-- paying account has its row, and what is left out weighs nothing.
{%- set components = [
    'product_usage', 'engagement', 'business_outcomes', 'account_characteristics', 'support',
] %}

with accounts as (

    select * from {{ ref('rpt_account_health') }}

),

days as (

    select * from {{ ref('fct_account_health_daily') }}
    where as_of_date = {{ as_of_date() }}

),

paying as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }} and is_paying

),

parts as (

    select
        contributions.account_id,
        sum(contributions.contribution) as score,
        sum(contributions.weight_pct) as weight_pct
        {%- for component in components %},
        sum(case
            when contributions.component = '{{ component }}' then contributions.contribution
        end) as {{ component }}
        {%- endfor %}
    from {{ ref('rpt_health_contributions') }} as contributions
    group by contributions.account_id

)

select
    paying.account_id,
    days.computed_score,
    parts.score
from paying
left join days
    on paying.account_id = days.account_id
left join accounts
    on paying.account_id = accounts.account_id
left join parts
    on paying.account_id = parts.account_id
where
    days.account_id is null
    or accounts.account_id is null
    or parts.account_id is null
    or coalesce(days.computed_score, -1) <> coalesce(parts.score, -1)
    or coalesce(days.computed_score, -1) <> coalesce(accounts.computed_score, -1)
    or abs(coalesce(parts.weight_pct, 100) - 100) > 1e-9
    {%- for component in components %}
    or coalesce(days.{{ component }}_contribution, -1) <> coalesce(parts.{{ component }}, -1)
    {%- endfor %}
