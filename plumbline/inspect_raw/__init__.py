"""A look at a folder of raw exports before anything is built: `plumbline inspect`."""
