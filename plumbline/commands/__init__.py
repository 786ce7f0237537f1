"""One thin module a command: its options, its help, what it calls and what it prints."""
