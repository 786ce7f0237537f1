{{ union_vendors({
    'stripe': 'base_stripe__scheduled_discounts',
}) }}
