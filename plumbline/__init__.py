"""Plumbline: the command `plumbline`, and the rooms of what it does."""
