"""The largest error against loops with exact sums, over many shapes, as a part of the largest."""

from __future__ import annotations

import numpy as np

from tests import oracle
from tests.programs import normal, run
from tests.test_values import relative

SHAPES = [(1, 1, 1, 1), (3, 5, 4, 2), (17, 31, 64, 8), (40, 60, 128, 16), (8, 200, 16, 3)]


def main() -> None:
    """Print the error of weights and output for each shape."""
    for n, m, d, dv in SHAPES:
        arrays = {"q": 3 * normal(0, n, d), "k": normal(1, m, d), "v": normal(2, m, dv)}
        weights, output = oracle.attention(*(arrays[name].tolist() for name in "qkv"))
        found = run("scaled", arrays)
        errors = relative(found["weights"], weights), relative(found["output"], output)
        print(f"n={n} m={m} d={d} d_v={dv}: weights {errors[0]:.1e}, output {errors[1]:.1e}")
        assert np.isfinite(errors).all()


if __name__ == "__main__":
    main()
