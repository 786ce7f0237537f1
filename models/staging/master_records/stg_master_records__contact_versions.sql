{{ union_vendors({
    'salesforce': 'base_salesforce__contacts',
    'hubspot': 'base_hubspot__contacts',
}) }}
