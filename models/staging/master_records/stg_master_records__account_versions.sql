{{ union_vendors({
    'salesforce': 'base_salesforce__accounts',
    'hubspot': 'base_hubspot__companies',
    'ravenstack': 'base_ravenstack__account_versions',
}, one_per=['account_id', 'changed_at', 'known_at']) }}
