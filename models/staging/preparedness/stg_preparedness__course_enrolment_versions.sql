{{ union_vendors({
    'academy': 'base_academy__course_enrolments',
}) }}
