"""What lies on the disk: raw files, database files, dbt, run records, the lock."""
