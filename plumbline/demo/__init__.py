"""The demo world: a seeded generator of raw exports with planted truths.

Nothing else in the project imports this package, apart from the command that runs it.
"""
