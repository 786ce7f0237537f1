{{ union_vendors({
    'ravenstack': 'base_ravenstack__vendor_churn_events',
}) }}
