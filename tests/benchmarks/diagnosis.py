"""Diagnosis: how many faults are known again, alone and in pairs, and how long one takes."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from time import perf_counter

import numpy as np

import attn_cli as attn
from attn_cli.faults import FAULTS
from attn_cli.faults.evaluation import beyond, bounds, computed, farthest
from attn_cli.faults.search import search
from tests.faulty import CASES, normal, pairs, setting
from tests.test_diagnose import narrowed

KINDS = ("float64", "float32", "bfloat16", "float16")
PAIRS = 60


def singles(kind: str) -> Counter[str]:
    """Every fault in every case: named alone, first, among others, missed, or invisible."""
    told: Counter[str] = Counter()
    for case in CASES:
        meant = setting(case, kind)
        reference = computed(meant, ["output"])
        allowed = bounds(meant, reference, kind)
        for fault in FAULTS:
            for wrong in fault.edit(meant):
                theirs = narrowed(computed(wrong, ["output"]), kind)
                if beyond(farthest(reference, theirs), allowed) <= 1:
                    told["invisible"] += 1
                    continue
                found = search(meant, reference, theirs, FAULTS, allowed).fitting
                named = [one.faults for one in found]
                if named[:1] == [(fault,)]:
                    told["alone" if len(named) == 1 else "first of several"] += 1
                else:
                    told["among several" if (fault,) in named else "missed"] += 1
    return told


def of_pairs() -> Counter[str]:
    """Two faults at once, of which each changes what the other leaves."""
    told: Counter[str] = Counter()
    for pair in islice(pairs(0), PAIRS):
        allowed = bounds(pair.meant, pair.reference, pair.meant.kind)
        found = search(pair.meant, pair.reference, pair.theirs, FAULTS, allowed).fitting
        ids = [{fault.id for fault in each.faults} for each in found]
        if pair.faults in ids:
            told["named"] += 1
        else:
            told["one that is equal" if ids and len(ids[0]) == 1 else "missed"] += 1
    return told


def seconds(*shape: int) -> float:
    """One diagnosis of a causal run that sees one key too many."""
    q, k, v = (normal(at, 1, *shape).astype(np.float32) for at in range(3))
    theirs = attn.compute(q, k, v, causal=True, offset=1).output
    start = perf_counter()
    attn.diagnose(q, k, v, causal=True, expected=theirs)
    return perf_counter() - start


def main() -> None:
    """Print the table of accuracy and the times."""
    print(f"{len(FAULTS)} faults in {len(CASES)} cases, known again from the output alone")
    for kind in KINDS:
        told = singles(kind)
        print(f"{kind:<9}", ", ".join(f"{name} {count}" for name, count in sorted(told.items())))
    told = of_pairs()
    print("pairs    ", ", ".join(f"{name} {count}" for name, count in sorted(told.items())))
    print(f"8 heads × 256 × 64     {seconds(8, 256, 64):.2f} s")
    print(f"12 heads × 1,024 × 64  {seconds(12, 1024, 64):.2f} s")


if __name__ == "__main__":
    main()
