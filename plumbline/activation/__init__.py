"""What other systems are told: which rows differ, how they get there, what became of each."""
