{{ union_vendors({
    'stripe': 'base_stripe__payment_failures',
}) }}
