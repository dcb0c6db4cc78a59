"""n = 65,536: the whole command's time and peak memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

COMMAND = ["compute", "--n", "65536", "--d", "64", "--dtype", "float32"]


def main() -> None:
    """Print what the operating system counted for the command."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "attn_cli", *COMMAND], stdout=subprocess.DEVNULL, check=True
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"attn {' '.join(COMMAND)}: {seconds:.1f} s, peak memory {peak:.0f} MiB")
    print(f"the score matrix alone would take {65536 * 65536 * 4 / 2**20:,.0f} MiB")


if __name__ == "__main__":
    main()
