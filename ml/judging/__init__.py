"""Judges models: measures, leakage gates, candidates side by side, what drift is held against."""
