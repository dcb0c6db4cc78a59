"""Programs from programs: fused, cut into rows of queries, run block by block."""
