{{ union_vendors({
    'product': 'base_product__products',
}, one_per=['product_id', 'changed_at', 'known_at']) }}
