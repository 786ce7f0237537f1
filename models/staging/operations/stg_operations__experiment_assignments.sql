{{ union_vendors({
    'cs_platform': 'base_cs_platform__experiment_assignments',
}, one_per=['assignment_id']) }}
