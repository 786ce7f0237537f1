{{ union_vendors({
    'salesforce': 'base_salesforce__opportunities',
}) }}
