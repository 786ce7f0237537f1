{{ union_vendors({
    'stripe': 'base_stripe__prices',
}, one_per=['price_id', 'changed_at', 'known_at']) }}
