{{ union_vendors({
    'salesforce': 'base_salesforce__opportunities',
    'hubspot': 'base_hubspot__deals',
}) }}
