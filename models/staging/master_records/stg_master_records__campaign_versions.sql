{{ union_vendors({
    'salesforce': 'base_salesforce__campaigns',
}, one_per=['campaign_id', 'changed_at', 'known_at']) }}
