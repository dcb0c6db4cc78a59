"""Inputs that somebody made up to do harm, and numbers at the edge: right, or one clear message."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attn_cli as library
from attn_cli import masks
from attn_cli.readings.values import evaluate
from attn_cli.transforms import blocks
from tests.conftest import Attn
from tests.programs import normal, program_of


def header(text: str, version: int = 1) -> bytes:
    """An .npy file with any header and eight bytes of numbers."""
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode() + b"\0" * 8


HEADERS = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10**3)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1000000000000000000000)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (True, True)}",
    "{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '|V0', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<U0', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': [], 'fortran_order': False, 'shape': (1,)}",
    f"{{'descr': '<f8', 'fortran_order': False, 'shape': {(1,) * 65}}}",
    "{'descr': (",
    "-" * 9000,
    "[" * 2000,
]


@pytest.mark.parametrize("text", HEADERS)
def test_made_up_headers(attn: Attn, text: str) -> None:
    """Any header that is not an array of numbers is one message and exit 2."""
    Path("q.npy").write_bytes(header(text))
    for ran in (
        attn("compute", "--q", "q.npy"),
        attn("compute", "--q", "-", stdin=header(text)),
    ):
        assert ran.status == 2, ran.err
        assert ran.err.startswith("Error: --q: ")


def test_a_header_that_claims_four_gigabytes_is_not_read(attn: Attn) -> None:
    """The length of a header is held against what headers need."""
    data = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1)
    ran = attn("compute", "--q", "-", stdin=data)
    assert "its header claims 4,294,967,295 bytes" in ran.err


def test_unknown_versions_are_refused(attn: Attn) -> None:
    """A version of the format that nobody knows is not guessed at."""
    assert attn("compute", "--q", "-", stdin=b"\x93NUMPY\x09\x09" + b"\0" * 90).status == 2


def archive(*, flags: int = 0, method: int = 0) -> bytes:
    """An .npz whose directory says what is not so."""
    stream = io.BytesIO()
    np.savez(stream, q=np.ones((2, 2)))
    data = bytearray(stream.getvalue())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= flags
    data[at + 10] = method
    return bytes(data)


@pytest.mark.parametrize(
    "data", [archive(flags=1), archive(method=97), b"PK\x05\x06" + b"\xff" * 18]
)
def test_made_up_archives(attn: Attn, data: bytes) -> None:
    """Encrypted, unknown or cut archives are one message and exit 2."""
    Path("a.npz").write_bytes(data)
    ran = attn("compute", "--input", "a.npz")
    assert ran.status == 2, ran.err
    assert ran.err.startswith("Error: --input")


SETTINGS: list[Any] = [
    5,
    None,
    [],
    {"labels": 5},
    {"labels": {"n": 5}, "inputs": ["q"]},
    {"labels": {"n": ["\x1b[31m", "a"]}, "inputs": ["q"]},
    {"labels": {}, "inputs": 5},
    {"labels": {}, "inputs": ["q"], "heads": 0},
    {"labels": {}, "inputs": ["q"], "heads": True},
    {"labels": {}, "inputs": ["q"], "heads": "2"},
    {"labels": {}, "inputs": ["q"], "mode": 5},
    {"labels": {}, "inputs": ["q"], "scale": [1]},
    {"labels": {}, "inputs": ["q"], "mask": {"allows": "x"}},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_made_up_settings(attn: Attn, settings: Any) -> None:
    """An entry that is no record of a run counts as none."""
    np.savez("a.npz", q=np.eye(2), attn=np.array(json.dumps(settings)))
    np.savez("b.npz", q=np.eye(2))
    assert attn("compute", "--input", "a.npz").out == attn("compute", "--input", "b.npz").out


@pytest.mark.parametrize(
    "text",
    [
        "[[1" + "0" * 400 + "]]",
        '[["9' + "9" * 5000 + '/1"]]',
        "[" * 30 + "1" + "]" * 30,
        "1e400",
        "9" * 6000 + "/1",
        "1,,3",
        "4,5,",
        ",1",
    ],
)
def test_numbers_that_are_none(attn: Attn, text: str) -> None:
    """Too large, too deep, or missing: refused and not guessed."""
    for ran in (
        attn("compute", "--q", text, "--only", "q"),
        attn("compute", "--q", "-", stdin=text.encode()),
    ):
        assert ran.status == 2
        assert ran.err.startswith("Error: --q: ")


@pytest.mark.parametrize("steps", [None, 5, [{}], [{"name": "q"}], [5]])
def test_made_up_documents(attn: Attn, steps: Any) -> None:
    """A document that says it is a run of ours, and is none."""
    text = json.dumps({"schema": "attn.trace/1", "steps": steps})
    ran = attn("compute", "--input", "-", stdin=text.encode())
    assert ran.status == 2
    assert ran.err.startswith("Error: --input")


def test_long_literals_are_no_file_names(attn: Attn) -> None:
    """A literal of any length is read."""
    ran = attn("compute", "--q", " ".join(map(str, range(300))), "--only", "q", "--quiet")
    assert ran.status == 0
    assert len(ran.out.split()) == 300


def test_control_characters_do_not_reach_the_terminal(attn: Attn) -> None:
    """Escapes in a sentence, in a name inside a file, in a wrong argument."""
    ran = attn("compute", "--text", "\x1b[31mred \x07bell", "--export", "a.svg")
    assert "\x1b" not in ran.out
    assert "\x07" not in Path("a.svg").read_text(encoding="utf-8")
    text = json.dumps({"\x1b[31mname": [[1]]}).encode()
    assert "\x1b" not in attn("compute", "--input", "-", stdin=text).err


def test_text_that_is_no_utf8(attn: Attn) -> None:
    """Bytes that are no text are refused."""
    ran = attn("compute", "--text", "a \udcff b")
    assert ran.status == 2
    assert ran.err.startswith("Error: --text: this is not text in UTF-8")


def test_unreadable_and_unwritable_files(attn: Attn) -> None:
    """A folder in place of a file, and a folder that can't be written to."""
    Path("dir.npz").mkdir()
    assert attn("compute", "--save", "dir.npz", "--force").err == "Error: dir.npz is a folder.\n"
    if os.geteuid() != 0:
        Path("closed").mkdir(mode=0o500)
        assert "can't be written to" in attn("compute", "--save", "closed/a.npz").err


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_named_pipes(attn: Attn) -> None:
    """A pipe in place of a file is read like standard input."""
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(b"1 2\n3 4\n"))
    writer.start()
    ran = attn("compute", "--q", "pipe", "--only", "q", "--quiet")
    writer.join()
    assert ran.out == "1 2\n3 4\n"


def test_closed_streams() -> None:
    """Without standard input, output or error nothing fails."""
    import subprocess

    for closed in ("<&-", ">&-", "2>&-"):
        command = f"{sys.executable} -m attn_cli compute --n 2 --quiet {closed}"
        done = subprocess.run(command, shell=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), closed
    if Path("/dev/full").exists():
        for arguments in ("compute", "--help", "--version"):
            command = f"PYTHONUNBUFFERED= {sys.executable} -m attn_cli {arguments} > /dev/full"
            done = subprocess.run(command, shell=True, capture_output=True, check=False)
            assert done.returncode == 1
            assert b"No space left on device" in done.stderr
            assert b"Traceback" not in done.stderr


def test_a_nan_in_a_block_spoils_its_own_row() -> None:
    """Large scores beside a NaN query stay right in blocks."""
    q = 60 * normal(0, 40, 4)
    q[0, 0] = np.nan
    arrays = {"q": q, "k": 60 * normal(1, 30, 4), "v": normal(2, 30, 2)}
    program = program_of("scaled", arrays)
    found = blocks.evaluate_blocks(program, arrays).arrays["output"]
    assert np.isnan(found[0]).all()
    assert np.allclose(found[1:], evaluate(program, arrays)["output"][1:], rtol=1e-12)


@pytest.mark.parametrize(
    ("q", "k", "v", "dtype", "scale"),
    [
        (0.0, 0.0, 20.0, np.float16, None),
        (1.0, 20.0, 1e28, np.float32, 1.0),
        (0.1, 0.1, 1e35, np.float32, None),
        (10.0, 1e-38, 1.0, np.float32, 1e38),
    ],
)
def test_blocks_overflow_only_where_the_whole_does(
    q: float, k: float, v: float, dtype: type, scale: float | None
) -> None:
    """What is finite in one piece is finite in blocks, and the same."""
    n = 6000
    arrays = {
        "q": np.full((64, 1), q, dtype),
        "k": np.full((n, 1), k, dtype),
        "v": np.full((n, 1), v, dtype),
    }
    program = program_of("scaled", arrays, scale=scale)
    whole = evaluate(program, arrays)["output"].astype(float)
    found = blocks.evaluate_blocks(program, arrays).arrays["output"].astype(float)
    assert np.isfinite(whole).all()
    assert np.allclose(found, whole, rtol=2e-2 if dtype is np.float16 else 1e-4)


def test_many_keys_in_float16() -> None:
    """70,000 equal keys: weights of 1/70,000, and not 0, though the sum is beyond float16."""
    arrays = {name: np.ones((size, 1), np.float16) for name, size in (("q", 1), ("k", 70000))}
    arrays["v"] = arrays["k"]
    found = evaluate(program_of("dot", arrays), arrays)
    assert found["output"][0, 0] == pytest.approx(1, abs=0.02)


def test_saving_with_quiet_saves_whole_arrays(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """--save asks for every number, whatever is printed."""
    monkeypatch.setattr("attn_cli.api.evaluated.LARGE_BYTES", 1000)
    assert attn("compute", "--n", 50, "--quiet", "--save", "a.npz").status == 0
    with np.load("a.npz") as saved:
        assert saved["weights"].shape == (50, 50)
    assert attn("compute", "--n", 50, "--only", "output", "--save", "b.npz").status == 0
    with np.load("b.npz") as saved:
        assert sorted(saved) == ["attn", "output"]


def test_a_batch_of_values_alone_gives_the_scores_none(attn: Attn) -> None:
    """A mask by batch row needs scores by batch row."""
    values = "[[[0,1],[2,3]],[[4,5],[6,7]]]"
    arrays = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", values)
    assert attn("compute", *arrays, "--quiet").status == 0
    ran = attn("compute", *arrays, "--lengths", "2,1")
    assert ran.status == 2
    assert "2 lengths for a batch of 1" in ran.err


@pytest.mark.parametrize("batched", ["q", "k", "v", "context"])
def test_a_batch_of_one_array_is_shared(attn: Attn, batched: str) -> None:
    """An array without a batch serves every batch row, with heads too."""
    if batched == "context":
        np.save("x.npy", normal(0, 3, 4))
        np.save("context.npy", normal(1, 2, 5, 4))
        arrays: tuple[str, ...] = ("--x", "x.npy", "--context", "context.npy")
    else:
        arrays = ()
        for place, name in enumerate("qkv"):
            shape = (2, 3, 4) if name == batched else (3, 4)
            np.save(f"{name}.npy", normal(place, *shape))
            arrays += (f"--{name}", f"{name}.npy")
    ran = attn("compute", *arrays, "--heads", 2, "--quiet")
    assert ran.status == 0, ran.err
    assert len(json.loads(ran.out)) == 2


def test_a_cache_needs_the_same_batch(attn: Attn) -> None:
    """A cache without the batch of the new keys is refused by name."""
    ran = attn("compute", "--batch", 2, "--past-k", "1 2 3 4", "--past-v", "1 2 3 4")
    assert ran.status == 2
    assert "past_k has the axes (m_past, d) and k has (b, m_new, d)" in ran.err


def test_queries_without_keys_are_counted_in_blocks(
    attn: Attn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty rows in the middle of a large run are named, and all of them counted."""
    table = np.ones((60, 60))
    table[20:40] = 0
    np.save("mask.npy", table)
    monkeypatch.setattr("attn_cli.api.evaluated.LARGE_BYTES", 1000)
    ran = attn("compute", "--n", 60, "--mask", "mask.npy", "--only", "output")
    assert "No key is allowed for q20, q21" in ran.err
    assert "and 12 more rows" in ran.err


def test_words_of_another_run_are_not_kept(attn: Attn) -> None:
    """Rows that replace those of a saved sentence lose its words."""
    attn("compute", "--text", "the cat sat", "--save", "a.npz")
    np.save("x.npy", normal(0, 5, 4))
    ran = attn("compute", "--input", "a.npz", "--x", "x.npy")
    assert ran.status == 0
    assert "cat" not in ran.out


def test_numbers_go_before_words(attn: Attn) -> None:
    """In `--text "1 0"` the cell [0,1] is a place, as the page suggests it."""
    ran = attn("compute", "--text", "1 0", "--show-work", "weights[0,1]")
    assert ran.out.startswith("weights[0,1]")


def test_astronomical_widths_are_refused_at_once(attn: Attn) -> None:
    """The numbers of heads that fit are not looked for without end."""
    ran = attn("compute", "--heads", 3, "--d", 10**18)
    assert ran.status == 2
    assert "can't share a width" in ran.err


def test_offsets_beyond_every_array(attn: Attn) -> None:
    """An offset that would wrap around is refused; a large one sees everything."""
    assert attn("compute", "--causal", "--offset", 2**63 - 1).status == 2
    ran = attn("compute", "--causal", "--offset", 2**29, "--only", "mask")
    assert ran.out.count("■") == 16


def test_a_mask_of_the_window_rule_is_what_it_says() -> None:
    """Combined predicates keep their order of axes at any broadcast."""
    mask = masks.causal() & masks.window(2)
    table = mask.allows(np.arange(3)[:, None], np.arange(3)[None, :], 0, 0)
    assert table.tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 1]]


def test_archives_may_hold_other_things(attn: Attn) -> None:
    """A file in an archive that is no array is refused by name when it is asked for."""
    with zipfile.ZipFile("a.npz", "w") as made:
        made.writestr("q.npy", "not an array")
    ran = attn("compute", "--input", "a.npz")
    assert ran.status == 2
    assert "--input, q: this is not a NumPy array file" in ran.err


@pytest.mark.parametrize("sign", ["x", "x ", "1,", "lengths(", "a/", "'"])
def test_a_long_text_is_no_path_and_is_not_repeated(sign: str) -> None:
    """Whatever stands where a short text is meant, the message stays short."""
    text = sign * (60_000 // len(sign))
    for name in ("q", "w_q", "mask", "bias", "dtype", "normalizer", "scale"):
        with pytest.raises(library.AttnError) as caught:
            library.compute(**{name: text})
        assert len(str(caught.value)) < 2_000
    for asked in (library.check, lambda one: library.complexity(config=one)):
        with pytest.raises(library.AttnError) as caught:
            asked("x" * 300)
        assert len(str(caught.value)) < 400


def test_a_configuration_may_be_its_text() -> None:
    """What begins with a brace is read; a file may begin with a mark of its bytes' order."""
    text = '{"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, '
    text += '"num_hidden_layers": 2, "max_position_embeddings": 32}'
    assert "d_model = 64, 4 heads" in str(library.complexity(config=text))


def test_json_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """As editors of some systems write it."""
    file = tmp_path / "all.json"
    file.write_text('{"q": [[1, 0]], "k": [[1, 0]], "v": [[1, 2]]}', encoding="utf-8-sig")
    assert library.compute(input=str(file)).output.tolist() == [[1, 2]]
    file.write_text('{"model_type": "llama"}', encoding="utf-8-sig")
    assert "llama" in str(library.complexity(config=str(file)))
