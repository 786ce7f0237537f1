"""Faults planted into the project's own SQL, and which of them its tests would not notice."""
