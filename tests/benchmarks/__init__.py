"""Benchmarks, run by hand: each prints ratios measured in one run.

python -m tests.benchmarks.start_up
python -m tests.benchmarks.engine
python -m tests.benchmarks.large
python -m tests.benchmarks.accuracy
"""
