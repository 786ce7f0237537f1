{{ union_vendors({
    'salesforce': 'base_salesforce__notes',
}, one_per=['note_id', 'changed_at', 'known_at']) }}
