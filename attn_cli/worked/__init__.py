"""Worked examples: matrices with names and rounded numbers, as people write them down."""
