{%- set labels = declared_labels() -%}
with features as (

    select * from {{ ref('feat_accounts_daily') }}
    where is_paying or is_trial

),

labels as (

    select * from {{ ref('int_account_labels__ranged') }}

),

observed as (

    select * from {{ ref('int_source_types__observed') }}
    where source_type = 'usage'

),

-- contracts on file are often older than the log of use
begun as (

    select min(features.as_of_date) as begun_date
    from features
    union all
    select observed.observed_from_date as begun_date
    from observed

),

-- windows that reach back before the first export would read as silence (D150)
warmed_up as (

    select {{ add_days('max(begun.begun_date)', 60) }} as first_date
    from begun

),

gridded as (

    select features.*
    from features
    cross join warmed_up
    where
        features.as_of_date >= warmed_up.first_date
        and features.as_of_date <= {{ as_of_date() }}
        and mod(
            {{ days_between('features.as_of_date', as_of_date()) }}, {{ var('training_grid_days') }}
        ) = 0

),

doubted as (

    select distinct
        gridded.account_id,
        gridded.as_of_date
    from gridded
    inner join {{ ref('int_account_dates__doubted') }} as doubted_dates
        on
            gridded.account_id = doubted_dates.account_id
            and gridded.as_of_date >= doubted_dates.from_date
            and gridded.as_of_date < doubted_dates.until_date
            and (gridded.is_paying or not doubted_dates.is_churned)

),

known as (

    select
        gridded.account_id,
        gridded.as_of_date
        {%- for name in labels %},
        {{ label_in_ranges(
            name,
            "case when labels.label_name = '" ~ name ~ "' then labels.is_positive end",
            "case when labels.label_name = '" ~ name ~ "' then labels.has_no_label end"
        ) }} as {{ name }}
        {%- endfor %}
    from gridded
    left join labels
        on
            gridded.account_id = labels.account_id
            and gridded.as_of_date >= labels.from_date
            and gridded.as_of_date < labels.until_date
    group by gridded.account_id, gridded.as_of_date

),

labelled as (

    select
        gridded.*
        {%- for name, label in labels.items() %},
        cast(
            case
                when not gridded.{{ label.population }} then null
                when {{ days_between('gridded.as_of_date', as_of_date()) }}
                    < {{ label.known_after_days }} then null
                else known.{{ name }}
            end as {{ column_type('double') }}
        ) as {{ name }}
        {%- endfor %}
    from gridded
    inner join known
        on
            gridded.account_id = known.account_id
            and gridded.as_of_date = known.as_of_date
    left join doubted
        on
            gridded.account_id = doubted.account_id
            and gridded.as_of_date = doubted.as_of_date
    where doubted.account_id is null

)

select * from labelled
