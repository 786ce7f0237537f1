"""Keeps models: runs on record, files, who is champion and who becomes it."""
