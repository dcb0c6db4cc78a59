"""Where `attn` starts: `attn`, `attn-cli` and `python -m attn_cli`."""

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

COLLECT_AFTER = 100_000
"""Objects made before the first garbage collection: modules make many, and all of them stay."""

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""Small products take longer on many BLAS threads, and so does loading NumPy."""


def main() -> None:
    """Set up the process, then run the command; tests/benchmarks/start_up.py measures it.

    Modules are not collected while they load.
    """
    gc.set_threshold(COLLECT_AFTER)
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")

    try:
        from attn_cli.cli.app import run

        run()
    except KeyboardInterrupt:
        from attn_cli.errors import Exit

        _leave(int(Exit.INTERRUPTED))
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            _leave(left.code or 0)
        raise


def _leave(status: int) -> NoReturn:
    """End at once: the process gives everything back, which module by module takes a while.

    Output is written by then. Under a profiler or a debugger, which has something to say at the
    end, it ends as usual.
    """
    if sys.getprofile() is None and sys.gettrace() is None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    main()
