"""n = 16,384: time and peak memory of counting and drawing masks, each a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time

LENGTH = 16_384
DOCUMENTS = ",".join(str(place // 1000) for place in range(LENGTH))
EXPRESSIONS = (
    "causal",
    "causal & window(512) | global(0, 7)",
    "stride(128)",
    "log-sparse",
    "neighbourhood(128, 3)",
    "random(64, 3) | window(64)",
    f"causal & documents({DOCUMENTS})",
    "~(block(64) & left(5) | prefix(77) & dilation(3))",
)


def measured(expression: str) -> tuple[float, float]:
    """Seconds and MiB of one `attn mask`, tiles counted too."""
    command = ["mask", "--n", str(LENGTH), "--mask", expression, "--tile", "128"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "attn_cli", *command], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Print one line for each expression."""
    print(f"n = m = {LENGTH:,}: a table of booleans would take {LENGTH**2 / 2**20:,.0f} MiB")
    for expression in EXPRESSIONS:
        seconds, peak = measured(expression)
        print(f"{expression[:60]:60} {seconds:5.2f} s  {peak:4.0f} MiB")


if __name__ == "__main__":
    main()
