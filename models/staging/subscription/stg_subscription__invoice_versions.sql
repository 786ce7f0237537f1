{{ union_vendors({
    'stripe': 'base_stripe__invoices',
}, one_per=['invoice_id', 'changed_at', 'known_at']) }}
