{{ union_vendors({
    'stripe': 'base_stripe__customers',
}) }}
