{{ union_vendors({
    'academy': 'base_academy__onboarding_steps',
}) }}
