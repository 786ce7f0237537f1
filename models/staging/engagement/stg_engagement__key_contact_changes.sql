{{ union_vendors({
    'cs_platform': 'base_cs_platform__key_contact_changes',
}, one_per=['change_id']) }}
