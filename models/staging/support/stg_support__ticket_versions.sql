{{ union_vendors({
    'zendesk': 'base_zendesk__tickets',
    'ravenstack': 'base_ravenstack__ticket_versions',
}) }}
