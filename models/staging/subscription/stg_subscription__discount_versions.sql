{{ union_vendors({
    'stripe': 'base_stripe__subscription_discounts',
}) }}
