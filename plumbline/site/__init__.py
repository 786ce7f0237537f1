"""The docs site's own pages: a map of the rooms, a page per metric category, column lineage.

Everything on them is read from dbt's manifest and the published file.
"""
