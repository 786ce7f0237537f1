"""One night: plan, build, score, gate, publish, and what its summary says."""
