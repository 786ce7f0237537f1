"""Compares kinds of model and features over rolling origins."""
