{{ union_vendors({
    'salesforce': 'base_salesforce__tasks',
}) }}
