{{ union_vendors({
    'salesforce': 'base_salesforce__tasks',
}, one_per=['task_id', 'changed_at', 'known_at']) }}
