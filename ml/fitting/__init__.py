"""Fits a model: its steps, calibration, slices in time, exact reasons."""
