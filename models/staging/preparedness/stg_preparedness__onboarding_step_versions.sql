{{ union_vendors({
    'academy': 'base_academy__onboarding_steps',
}, one_per=['step_id', 'changed_at', 'known_at']) }}
