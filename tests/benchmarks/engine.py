"""The engine in tiles against the two matrix products alone, on full n×n arrays.

float32, n = m = 4096, d = 64, one BLAS thread; one and two workers, tiles of several shapes.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from attn_cli import masks
from attn_cli.transforms import tiles
from attn_cli.transforms.blocks import WORKERS, evaluate_blocks
from tests.benchmarks.pairs import ratio
from tests.programs import program_of

N, D = 4096, 64
RUNS = 15

SHAPES = ((176, 352), (384, 384), (512, 384), (768, 384), (384, 768), (1024, 768))


def main() -> None:
    """Print the ratio for each number of workers and size of block."""
    rng = np.random.default_rng(0)
    arrays = {name: rng.standard_normal((N, D), dtype=np.float32) for name in "qkv"}
    query, key, value = arrays.values()

    def products() -> object:
        return (query @ key.T) @ value

    print(f"attn uses {WORKERS} workers and tiles of {tiles.tile_of(tiles.TILE_BYTES, 4)}")
    for mask in (None, masks.causal()):
        program = program_of("scaled", arrays, mask=mask)
        for workers in (1, 2):
            for shape in SHAPES:
                tiles.tile_of = lambda *_: shape  # noqa: B023
                one, other, times = ratio(
                    lambda: evaluate_blocks(
                        program,  # noqa: B023
                        arrays,
                        workers=workers,  # noqa: B023
                    ),
                    products,
                    RUNS,
                )
                print(
                    f"{'causal' if mask else 'no mask':8} {workers} workers, {shape}: "
                    f"{one * 1e3:4.0f} ms / products {other * 1e3:4.0f} ms = {times:.2f}"
                )


if __name__ == "__main__":
    main()
