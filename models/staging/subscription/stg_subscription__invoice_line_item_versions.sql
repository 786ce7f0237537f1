{{ union_vendors({
    'stripe': 'base_stripe__invoice_line_items',
}) }}
