"""Every option changes something: none is accepted and ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Attn, once, option_names
from tests.programs import normal

SENTENCE = ("--text", "the cat sat on the mat")
CACHE = ("--past-k", "past.npy", "--past-v", "past.npy")

CHANGES: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "q": ((), ("--q", "rows.npy")),
    "k": ((), ("--k", "rows.npy")),
    "v": ((), ("--v", "rows.npy")),
    "x": ((), ("--x", "rows.npy")),
    "context": (("--x", "rows.npy"), ("--context", "rows.npy")),
    "w_q": (("--x", "rows.npy"), ("--w-q", "square.npy")),
    "w_k": (("--x", "rows.npy"), ("--w-k", "square.npy")),
    "w_v": (("--x", "rows.npy"), ("--w-v", "square.npy")),
    "w_o": (("--x", "rows.npy"), ("--w-o", "square.npy")),
    "b_q": (("--x", "rows.npy"), ("--b-q", "1 2 3 4")),
    "b_k": (("--x", "rows.npy"), ("--b-k", "1 2 3 4")),
    "b_v": (("--x", "rows.npy"), ("--b-v", "1 2 3 4")),
    "b_o": (("--x", "rows.npy", "--w-o", "whole.npy"), ("--b-o", "1 2 3 4")),
    "bias": ((), ("--bias", "square.npy")),
    "layout": (
        ("--q", "four.npy", "--k", "four.npy", "--v", "four.npy"),
        ("--layout", "bshd"),
    ),
    "weights_layout": (
        ("--x", "rows.npy", "--w-q", "square.npy"),
        ("--weights-layout", "out-in"),
    ),
    "mask_axes": (
        ("--batch", 2, "--heads", 2, "--mask", "lead.npy"),
        ("--mask-axes", "bnm"),
    ),
    "qkv": (("--input", "qkv.npz", "--heads", 2), ("--qkv", "interleaved")),
    "past_k": (("--past-v", "past.npy", "--past-k", "rows.npy"), ("--past-k", "past.npy")),
    "past_v": (("--past-k", "past.npy", "--past-v", "rows.npy"), ("--past-v", "past.npy")),
    "input": ((), ("--input", "all.npz")),
    "text": ((), SENTENCE),
    "context_text": (SENTENCE, ("--context-text", "a dog")),
    "labels": (("--q", "1 0; 0 1"), ("--labels", "cat mat")),
    "key_labels": (("--k", "1 0; 0 1"), ("--key-labels", "cat,mat")),
    "sample": ((), ("--sample", "cat-mat")),
    "residual": (SENTENCE, ("--residual",)),
    "norm": (SENTENCE, ("--norm", "pre")),
    "n": ((), ("--n", 2)),
    "m": ((), ("--m", 2)),
    "d": ((), ("--d", 2)),
    "dv": ((), ("--dv", 2)),
    "batch": ((), ("--batch", 2)),
    "latent": (("--mode", "mla"), ("--latent", 3)),
    "seed": ((), ("--seed", 1)),
    "mode": ((), ("--mode", "dot")),
    "heads": ((), ("--heads", 2)),
    "kv_heads": (("--heads", 2), ("--kv-heads", 1)),
    "scale": ((), ("--scale", 2)),
    "softcap": ((), ("--softcap", 2)),
    "local": (("--local", "m", "--local-d", 1), ("--local", "p")),
    "local_d": (("--local", "m", "--local-d", 1), ("--local-d", 2)),
    "normalizer": ((), ("--normalizer", "hard")),
    "temperature": ((), ("--temperature", 2)),
    "activation": (("--mode", "fc-time"), ("--activation", "tanh")),
    "query_index": ((), ("--query-index", 1)),
    "code": ((), ("--code", "numpy")),
    "block_size": ((), ("--block-size", 2)),
    "decode": ((), ("--decode",)),
    "alpha": (("--normalizer", "entmax"), ("--alpha", 3)),
    "dtype": ((), ("--dtype", "float16")),
    "param": (("--bias", "t5"), ("--param", "bias_table=table.npy")),
    "rope": ((), ("--rope",)),
    "rope_base": (("--rope",), ("--rope-base", 100)),
    "positions": (SENTENCE, ("--positions", "sinusoidal")),
    "mask": ((), ("--mask", "1 0 1 1")),
    "causal": ((), ("--causal",)),
    "offset": (("--causal",), ("--offset", 1)),
    "align": (("--causal", "--m", 6), ("--align", "bottom-right")),
    "lengths": ((), ("--lengths", 2)),
    "window": ((), ("--window", 2)),
    "left": ((), ("--left", 1)),
    "right": ((), ("--right", 1)),
    "prefix": ((), ("--prefix", 2)),
    "block": ((), ("--block", 2)),
    "dilation": ((), ("--dilation", 2)),
    "stride": ((), ("--stride", 2)),
    "global_tokens": ((), ("--global", 2)),
    "documents": ((), ("--documents", "0,0,1,1")),
    "steps": ((), ("--steps",)),
    "percent": ((), ("--percent",)),
    "only": ((), ("--only", "scores")),
    "start": ((), ("--from", "weights")),
    "show_work": ((), ("--show-work", "scores[0,0]")),
    "head": (("--heads", 2), ("--head", 1)),
    "batch_index": (("--batch", 2), ("--batch-index", 1)),
    "precision": ((), ("--precision", 3)),
    "everything": (("--n", 30), ("--all",)),
    "plain": ((), ("--plain",)),
    "quiet": ((), ("--quiet",)),
    "json": ((), ("--json",)),
    "exact": ((), ("--exact",)),
    "symbolic": (("--exact", "--n", 2), ("--symbolic",)),
    "at": (("--symbolic", "--n", 2, "--d", 1), ("--at", "q_0_0=2")),
}
ELSEWHERE = {
    "theme": "test_themes",
    "width": "test_an_svg_is_as_wide_as_its_lines",
    "save": "test_a_saved_run_runs_again",
    "export": "test_exports_hold_every_number_of_the_page",
    "force": "test_existing_files_are_kept",
    "step": "test_step_reveals_part_by_part",
    "lang": "test_meanings_and_notices_turn_chinese",
}


def test_every_option_is_here() -> None:
    """A new option needs a line above, or a test of its own."""
    assert option_names("compute") == set(CHANGES) | set(ELSEWHERE)
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert all(f"def {test}(" in tests for test in ELSEWHERE.values())


@pytest.mark.parametrize("option", CHANGES)
def test_the_option_changes_the_output(attn: Attn, option: str) -> None:
    """With the option standard output differs from what it is without."""
    np.save("rows.npy", normal(0, 5, 4))
    np.save("square.npy", normal(1, 4, 4))
    np.save("lead.npy", np.tri(8, 4, -1, bool).reshape(2, 4, 4) | np.eye(4, dtype=bool))
    np.save("past.npy", normal(2, 2, 4))
    np.save("four.npy", normal(5, 1, 2, 3, 4))
    np.save("table.npy", normal(4, 32))
    np.save("whole.npy", normal(6, 4, 4))
    np.savez("qkv.npz", qkv=normal(7, 5, 12))
    np.savez("all.npz", q=normal(3, 2, 4))
    before, more = CHANGES[option]
    if option in ("past_k", "past_v"):
        without = attn("compute")
        more = (*before[:2], *more)
    elif option == "w_o":
        np.save("square.npy", normal(1, 4, 3))
        without = attn("compute", *before)
        more = (*before, *more)
    else:
        without = attn("compute", *before)
        more = (*before, *more)
    changed = attn("compute", *once(*more))
    assert without.status == changed.status == 0, changed.err
    assert without.out != changed.out


def test_step_reveals_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal --step shows a part, waits for a key, goes back with b, and stops at q."""
    import io

    from rich.console import Console

    from attn_cli.cli import stepping
    from attn_cli.views.page import Heading, Lines
    from attn_cli.views.terminal import Printer

    blocks = [Lines(("start",)), Heading("1", "one"), Heading("2", "two"), Heading("3", "three")]
    shown: list[str] = []
    said: list[str] = []
    keys = iter("  bq")
    out = io.StringIO()

    def press() -> str:
        shown.append(out.getvalue())
        return next(keys)

    monkeypatch.setattr("typer.getchar", press)
    monkeypatch.setattr(stepping.streams, "say", said.append)
    stepping.walk(blocks, Printer(Console(file=out, width=40)))
    assert "one" not in shown[0]
    assert "1 one" in shown[1]
    assert "two" not in shown[1]
    assert "2 two" in shown[2]
    assert shown[3].count("1 one") == 2
    assert "three" not in out.getvalue()
    assert said[:2] == [f"— part {at} of 4 · any key: next, b: back, q: end —" for at in (1, 2)]
    assert said[3] == said[1]
