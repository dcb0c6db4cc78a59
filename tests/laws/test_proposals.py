"""Law: every command that a page proposes runs as it stands there."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import Attn

LINES = """
compute
compute --n 3 --all
compute --n 3 --percent
compute --n 12 --heads 4
compute --n 12 --heads 4 --all
compute --n 12 --percent --heads 2
compute --steps
compute --steps --causal
compute --only weights
compute --n 12 --only weights --all
compute --show-work weights[0,1]
compute --causal --align bottom-right --m 8
compute --batch 2 --heads 2
compute --exact --q "1 0" --k "1 0" --v "1 2"
compute --text "the cat" --residual --norm post
compute --mode linear
compute --mode kernel --heads 2
compute --mode fc-time
compute --mode fc-feature --n 12
compute --mode mla --d 8 --heads 2
compute --mode gated --batch 2
compute --normalizer sparsemax --n 12
compute --decode
compute --n 200 --d 8
compute --n 3000 --d 8
compute --precision 5 --steps
compute --query-index 0
compute --block-size 2
compute --bias alibi --heads 2
compute --local m --local-d 1
gradient
gradient --n 12 --heads 2
gradient --check
gradient --jacobian output:q
gradient --only d_q
gradient --mode delta
complexity
complexity --n 64
complexity --d 8
complexity --n 64 --d 8
complexity --n 64 --d 8 --heads 2
complexity --n 64 --d 8 --causal
complexity --d 8 --sweep n=8:64
complexity --n 8 --m 16 --d 8
complexity --n 64 --d 8 --mask window(3)
complexity --n 64 --d 8 --mode linear
complexity --n 64 --d 8 --details
complexity --n 64 --d 8 --backward
complexity --n a --d b
complexity --n 64 --d 8 --local m --local-d 2
complexity --window w
complexity --mode fc-time
complexity --mode location --n 8 --d 4
complexity --n 64 --d 64 --hardware a100
complexity --n 64 --no-projections
mask
mask --causal
mask --causal --n 6
mask --n 40 --window 3
mask --causal --diff window(3)
mask --lengths 3,2
mask --n 300 --causal
mask --documents 0,0,1
mask --causal --n 6 --libraries
mask --bias alibi --heads 2
compare --n 4
compare --modes scaled,dot
compare --normalizers softmax,hard --n 4
diagnose --q "1 0" --k "1 0; 0 1" --v "1 0; 0 1" --expected "output=0.73 0.27"
explain
explain scaling
explain masks
explain mla
check --new --seed 3
train --sample cat-mat --pair cat,mat --steps 3
"""

ADDED = re.compile(r"^Try, added to this:(.*(?:\n(?!\s*$|Try|\$).*)*)", re.M)
WHOLE = re.compile(r"^Try:(.*(?:\n(?!\s*$|Try|\$).*)*)", re.M)


def proposals(line: str, page: str) -> Iterator[str]:
    """Whole command lines that a page proposes."""
    for pattern, before in ((ADDED, f"{line} "), (WHOLE, "")):
        for match in pattern.finditer(page):
            parts = re.split(r"\s{3,}", match[1].replace("\n", "   ").strip())
            yield from (f"{before}{part}".removeprefix("attn ") for part in parts if part)


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_what_is_proposed_runs(attn: Attn, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Each proposal alone, in the folder where the page was printed."""
    monkeypatch.setenv("COLUMNS", "200")
    words = shlex.split(line)
    monkeypatch.setattr(sys, "argv", ["attn", *words])
    ran = attn(*words)
    assert ran.status in (0, 1), ran.err
    for proposed in dict.fromkeys(proposals(line, ran.out)):
        if "FILE" in proposed or proposed.startswith("compute --mask mask.npy"):
            continue
        other = attn(*shlex.split(proposed))
        assert other.status in (0, 1), (proposed, other.err)
