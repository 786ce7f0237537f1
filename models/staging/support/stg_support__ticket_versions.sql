{{ union_vendors({
    'zendesk': 'base_zendesk__tickets',
    'ravenstack': 'base_ravenstack__ticket_versions',
}, one_per=['ticket_id', 'changed_at', 'known_at']) }}
