"""A catalogue of exports as vendors and sync tools deliver them, each with the right answer."""

DESCRIPTION = (
    "Planted shapes and faults of exports come out right, are counted by their rule, or stop the"
    " night with a line that says what to do; sound worlds raise no alarm. Minutes; run by name."
)
