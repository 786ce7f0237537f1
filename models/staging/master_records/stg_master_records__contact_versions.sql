{{ union_vendors({
    'salesforce': 'base_salesforce__contacts',
    'hubspot': 'base_hubspot__contacts',
}, one_per=['contact_id', 'changed_at', 'known_at']) }}
