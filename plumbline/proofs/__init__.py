"""What `plumbline verify` measures anew; each proof registers itself."""
