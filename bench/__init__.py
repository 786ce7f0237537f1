"""Speed, memory and model quality, measured on this machine: `python -m bench`."""
