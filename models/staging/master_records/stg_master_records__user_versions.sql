{{ union_vendors({
    'product': 'base_product__users',
    'ravenstack': 'base_ravenstack__user_versions',
}) }}
