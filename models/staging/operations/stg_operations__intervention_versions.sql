{{ union_vendors({
    'cs_platform': 'base_cs_platform__interventions',
}) }}
