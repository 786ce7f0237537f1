{{ union_vendors({
    'dashboards': 'base_dashboards__dashboard_views',
}, one_per=['view_id']) }}
