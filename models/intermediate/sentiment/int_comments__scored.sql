with deliveries as (

    select
        ticket_comments.*,
        row_number() over (
            partition by ticket_comments.comment_id
            order by
                ticket_comments.known_at,
                ticket_comments.commented_at,
                ticket_comments.body
        ) as delivery_number
    from {{ ref('stg_support__ticket_comments') }} as ticket_comments
    where ticket_comments.author_role = 'end-user'

),

-- a comment that is delivered again, or otherwise, would rewrite the past
comments as (

    select * from deliveries
    where delivery_number = 1

),

lexicon as (

    select * from {{ ref('sentiment_lexicon') }}

),

tickets as (

    select * from {{ ref('int_tickets__known') }}

),

words as (

    select
        comments.comment_id,
        {{ each_word('comments.body') }} as word
    from comments

),

word_scores as (

    select
        words.comment_id,
        -- hundredths as whole numbers: the mean must not depend on the order of the words
        sum(cast(round(lexicon.score * 100) as integer)) / 100.0 / count(*) as mean_score,
        max(lexicon.lexicon_version) as lexicon_version
    from words
    inner join lexicon
        on words.word = lexicon.word
    group by words.comment_id

),

-- the text ends here: only its score goes on
scored as (

    select
        comments.comment_id,
        comments.ticket_id,
        tickets.account_id,
        coalesce(word_scores.mean_score, 0) as sentiment_score,
        word_scores.lexicon_version,
        comments.commented_at,
        greatest(comments.known_at, tickets.opening_known_at) as known_at,
        tickets.deletion_known_at
    from comments
    inner join tickets
        on comments.ticket_id = tickets.ticket_id
    left join word_scores
        on comments.comment_id = word_scores.comment_id

)

select * from scored
