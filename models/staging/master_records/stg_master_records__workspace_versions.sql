{{ union_vendors({
    'product': 'base_product__workspaces',
    'ravenstack': 'base_ravenstack__workspace_versions',
}) }}
