{{ union_vendors({
    'product': 'base_product__memberships',
}, one_per=['membership_id', 'changed_at', 'known_at']) }}
