{{ union_vendors({
    'academy': 'base_academy__course_enrolments',
}, one_per=['enrolment_id', 'changed_at', 'known_at']) }}
