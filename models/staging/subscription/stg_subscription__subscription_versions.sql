{{ union_vendors({
    'stripe': 'base_stripe__subscriptions',
    'ravenstack': 'base_ravenstack__subscription_versions',
}) }}
