-- Nobody is on the worklist and on a list of leads, or on both of these; everybody who was scored
-- is on the board; owners have no more leads than slots, ranked without a gap.
with board as (

    select * from {{ ref('rpt_lead_board') }}

),

listed as (

    select
        board.account_id,
        'lead' as list_name
    from board
    where board.is_on_list
    union all
    select
        worklist.account_id,
        'worklist' as list_name
    from {{ ref('rpt_at_risk_accounts') }} as worklist
    where worklist.is_on_worklist

),

scored as (

    select * from {{ ref('stg_ml__predictions') }}
    where as_of_date = {{ as_of_date() }} and target in ('expansion', 'conversion')

),

own as (

    select * from {{ ref('lead_capacity') }}

),

faults as (

    select
        listed.account_id,
        'on two lists' as what_is_wrong
    from listed
    group by listed.account_id
    having count(*) > 1
    union all
    select
        scored.account_id,
        'scored, and not on the board' as what_is_wrong
    from scored
    left join board
        on scored.account_id = board.account_id and scored.target = board.target
    where board.account_id is null
    union all
    select
        max(board.account_id) as account_id,
        'more leads than slots, or a gap in the ranks' as what_is_wrong
    from board
    left join own
        on board.target = own.target and board.owner_id = own.owner_id
    left join own as team
        on board.target = team.target and team.owner_id = 'default'
    where board.is_on_list
    group by board.target, board.owner_id
    having
        count(*) > max(coalesce(own.slots, team.slots))
        or max(board.list_rank) <> count(*)
        or max(coalesce(own.slots, team.slots)) is null

)

select * from faults
