{{ union_vendors({
    'zendesk': 'base_zendesk__satisfaction_ratings',
    'ravenstack': 'base_ravenstack__satisfaction_rating_versions',
}, one_per=['rating_id', 'changed_at', 'known_at']) }}
