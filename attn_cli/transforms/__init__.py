"""Programs from programs, and programs run in parts: some rows, blocks of queries, tiles."""
