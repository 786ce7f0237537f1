{{ union_vendors({
    'surveys': 'base_surveys__nps_responses',
}) }}
