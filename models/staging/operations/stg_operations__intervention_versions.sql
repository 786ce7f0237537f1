{{ union_vendors({
    'cs_platform': 'base_cs_platform__interventions',
}, one_per=['intervention_id', 'changed_at', 'known_at']) }}
