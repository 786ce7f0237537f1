-- A reason names a feature that was known of the account on that night, with its value; a group
-- speaks once; what is shown on the worklist is what the reasons say.
with reasons as (

    select * from {{ ref('rpt_risk_reasons') }}

),

features as (

    select * from {{ ref('feat_accounts_daily') }}
    where as_of_date = {{ as_of_date() }}

),

looked_up as (

    select
        reasons.account_id,
        reasons.reason_group,
        reasons.feature_name,
        reasons.feature_value,
        reasons.reason,
        reasons.reason_number,
        {{ feature_value('reasons.feature_name', 'features') }} as known_value
    from reasons
    left join features
        on reasons.account_id = features.account_id
    where reasons.reason is not null or reasons.feature_name is not null

),

shown as (

    select
        reported.account_id,
        1 as reason_number,
        reported.reason_1 as reason
    from {{ ref('rpt_at_risk_accounts') }} as reported
    union all
    select
        reported.account_id,
        3 as reason_number,
        reported.reason_3 as reason
    from {{ ref('rpt_at_risk_accounts') }} as reported

),

checked as (

    select
        looked_up.account_id,
        looked_up.reason
    from looked_up
    where
        looked_up.known_value is null
        or abs(looked_up.known_value - looked_up.feature_value) > 0.000001
        or looked_up.reason like '%{{ '{' }}%'
        or looked_up.feature_name is null
    union all
    select
        shown.account_id,
        shown.reason
    from shown
    left join looked_up
        on
            shown.account_id = looked_up.account_id
            and shown.reason_number = looked_up.reason_number
    where
        coalesce(shown.reason, '') <> coalesce(looked_up.reason, '')

)

select * from checked
