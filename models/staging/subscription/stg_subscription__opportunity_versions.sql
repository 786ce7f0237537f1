{{ union_vendors({
    'salesforce': 'base_salesforce__opportunities',
    'hubspot': 'base_hubspot__deals',
}, one_per=['opportunity_id', 'changed_at', 'known_at']) }}
