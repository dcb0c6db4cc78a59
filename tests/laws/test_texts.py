"""No text that comes from a file is ever code, on a terminal or in any export."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.conftest import Attn

EVIL = r"\input{/etc/passwd} <script>alert(1)</script> {x} $x$ %n & # _ ^ ~ [a](b) `c` |"
STEERING = "\x1b[31mred\x9b31m\u202egnirts\u2066\x07"
SUFFIXES = ("html", "svg", "md", "txt", "tex")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def trace(mask: str, word: str) -> None:
    """Write a saved run whose mask and words are somebody's text."""
    settings = {
        "labels": {"n": [word, "b"]},
        "inputs": ["q", "k", "v", "mask"],
        "mask": {"name": mask, "says": mask},
        "mode": "scaled",
    }
    np.savez(
        "run.npz",
        q=np.eye(2),
        k=np.eye(2),
        v=np.eye(2),
        mask=np.tri(2, dtype=bool),
        attn=np.array(json.dumps(settings)),
        **{f"other{STEERING}": np.eye(2)},
    )


def exported(attn: Attn, suffix: str, *arguments: object) -> str:
    """An export of a page."""
    ran = attn(*arguments, "--export", f"page.{suffix}", "--force")
    assert ran.status == 0, ran.err
    assert not CONTROL.search(ran.out + ran.err)
    return Path(f"page.{suffix}").read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_mask_name_is_text(attn: Attn, suffix: str) -> None:
    """A mask's name in a saved run is shown, and nothing of it acts, in every format."""
    trace(EVIL, EVIL)
    text = exported(attn, suffix, "compute", "--input", "run.npz")
    if suffix in ("html", "svg", "md"):
        assert "<script>" not in text
    if suffix == "tex":
        assert r"\input{/etc" not in text
        assert r"\textbackslash{}input" in text
    if suffix == "svg":
        ElementTree.fromstring(text)
    assert "input" in text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_control_signs_reach_no_page(attn: Attn, suffix: str) -> None:
    """Escape sequences and signs that turn the direction of reading are shown as one sign."""
    np.savez("odd.npz", q=np.eye(2), k=np.eye(2), v=np.eye(2), **{f"x{STEERING}": np.eye(2)})
    text = exported(attn, suffix, "compute", "--input", "odd.npz")
    assert not CONTROL.search(text.replace("\t", ""))
    assert "\ufffd" in text
    if suffix == "svg":
        ElementTree.fromstring(text)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_models_name_is_text(attn: Attn, suffix: str) -> None:
    """Braces and tags in a config's model_type are shown in every format."""
    config = {
        "model_type": r"{x}<b>\a{y}",
        "hidden_size": 8,
        "num_attention_heads": 2,
        "num_hidden_layers": 1,
        "max_position_embeddings": 9,
    }
    Path("config.json").write_text(json.dumps(config), encoding="utf-8")
    text = exported(attn, suffix, "complexity", "--config", "config.json")
    if suffix in ("html", "svg", "md"):
        assert "<b>" not in text.replace("\\<b\\>", "")
    if suffix == "svg":
        ElementTree.fromstring(text)


def test_json_has_no_steering_sign(attn: Attn) -> None:
    """--json writes C1 and direction signs as escapes, and the text is the same when read."""
    np.savez("odd.npz", q=np.eye(2), k=np.eye(2), v=np.eye(2), **{f"x{STEERING}": np.eye(2)})
    ran = attn("compute", "--input", "odd.npz", "--json")
    assert not CONTROL.search(ran.out)
    assert json.loads(ran.out)["notices"] == [f"--input: not used: x{STEERING}."]


@pytest.mark.parametrize("word", [EVIL.replace(" ", ""), "∞≈≤²√"])
def test_words_of_a_sentence_are_text(attn: Attn, word: str) -> None:
    """A typed word may hold every sign that a format reads."""
    for suffix in SUFFIXES:
        text = exported(attn, suffix, "compute", "--text", f"{word} b")
        if suffix == "md":
            assert "<script>" not in text.replace("\\<script\\>", "")
        if suffix == "svg":
            ElementTree.fromstring(text)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_a_hostile_page_compiles_and_reads_no_file(attn: Attn) -> None:
    """Pdflatex makes a page of it, without reading another file."""
    trace(EVIL.replace("`", ""), "a")
    exported(attn, "tex", "compute", "--input", "run.npz")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "page.tex"], capture_output=True, check=False
    )
    assert b"passwd" not in done.stdout
    assert done.returncode == 0
