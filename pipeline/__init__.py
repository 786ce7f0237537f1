"""What runs Plumbline: the `plumbline` command, the nightly run and its gates."""
