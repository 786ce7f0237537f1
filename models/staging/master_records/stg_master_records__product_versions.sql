{{ union_vendors({
    'product': 'base_product__products',
}) }}
