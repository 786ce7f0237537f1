{{ union_vendors({
    'stripe': 'base_stripe__subscription_items',
    'ravenstack': 'base_ravenstack__subscription_item_versions',
}) }}
