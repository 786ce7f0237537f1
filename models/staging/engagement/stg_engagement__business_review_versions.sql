{{ union_vendors({
    'cs_platform': 'base_cs_platform__business_reviews',
}, one_per=['review_id', 'changed_at', 'known_at']) }}
