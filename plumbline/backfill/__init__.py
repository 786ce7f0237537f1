"""The backfill: past nights replayed with what was known then, and kept as nights."""
