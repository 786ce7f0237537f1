{{ union_vendors({
    'dashboards': 'base_dashboards__dashboard_views',
}) }}
