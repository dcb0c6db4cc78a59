"""Where `attn` starts: `attn`, `attn-cli` and `python -m attn_cli`."""

import atexit
import gc
import os
import sys

COLLECT_AFTER = 100_000
"""Objects made before the first garbage collection: modules make many, and all of them stay."""

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""Small products take longer on many BLAS threads, and so does loading NumPy."""


def main() -> None:
    """Set up the process, then run the command; tests/benchmarks/start_up.py measures it.

    Modules are neither collected while they load nor one by one at the end, when the process
    gives everything back at once.
    """
    gc.set_threshold(COLLECT_AFTER)
    atexit.register(gc.freeze)
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")

    try:
        from attn_cli.cli.app import run

        run()
    except KeyboardInterrupt:
        from attn_cli.errors import Exit

        sys.exit(Exit.INTERRUPTED)


if __name__ == "__main__":
    main()
