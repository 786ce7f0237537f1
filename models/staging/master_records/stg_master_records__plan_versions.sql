{{ union_vendors({
    'product': 'base_product__plans',
}, one_per=['plan_id', 'changed_at', 'known_at']) }}
