{{ union_vendors({
    'product': 'base_product__users',
    'ravenstack': 'base_ravenstack__user_versions',
}, one_per=['user_id', 'changed_at', 'known_at']) }}
