"""The gradient's own steps against those of attention: n = m = 1024, d = 64, one thread."""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from attn_cli.readings.subprogram import Frame
from attn_cli.readings.values import evaluate, evaluate_steps
from attn_cli.transforms.gradient import gradient
from tests.benchmarks.pairs import ratio
from tests.programs import program_of

N, D = 1024, 64
RUNS = 25


def main() -> None:
    """Print the ratio of the two passes, in float32."""
    rng = np.random.default_rng(0)
    arrays = {name: rng.standard_normal((N, D), dtype=np.float32) for name in "qkv"}
    program = program_of("scaled", arrays)
    made = gradient(program, ["q", "k", "v"])
    change = np.ones((N, D), np.float32)
    forward = {**evaluate(program, arrays), made.given.name: change}
    frame = Frame.of(program.sizes)
    one, other, times = ratio(
        lambda: evaluate_steps(made.backward, forward, frame),
        lambda: evaluate(program, arrays),
        RUNS,
    )
    print(f"backward {one * 1e3:.1f} ms / forward {other * 1e3:.1f} ms = {times:.2f}")


if __name__ == "__main__":
    main()
