"""Where a number comes from: from a value down to the raw file and row."""
