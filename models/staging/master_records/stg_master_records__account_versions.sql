{{ union_vendors({
    'salesforce': 'base_salesforce__accounts',
    'ravenstack': 'base_ravenstack__account_versions',
}) }}
