{{ union_vendors({
    'product': 'base_product__workspaces',
    'ravenstack': 'base_ravenstack__workspace_versions',
}, one_per=['workspace_id', 'changed_at', 'known_at']) }}
