{{ union_vendors({
    'surveys': 'base_surveys__nps_responses',
}, one_per=['response_id', 'changed_at', 'known_at']) }}
