{{ union_vendors({
    'segment': 'base_segment__events',
    'ravenstack': 'base_ravenstack__events',
}, landed_column='landed_date') }}
