{{ union_vendors({
    'zendesk': 'base_zendesk__ticket_comments',
    'ravenstack': 'base_ravenstack__ticket_comments',
}) }}
