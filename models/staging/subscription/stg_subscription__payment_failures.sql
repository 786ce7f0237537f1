{{ union_vendors({
    'stripe': 'base_stripe__payment_failures',
}, one_per=['payment_failure_id']) }}
