"""What people type: read as the one thing it can mean, or answered by what was meant."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from attn_cli import mechanisms
from attn_cli.api.explain import topic_named
from attn_cli.masks.catalogue import KINDS
from attn_cli.mechanisms.biases import BIASES
from attn_cli.mechanisms.meant import option_meant
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.topics.aliases import ALIASES
from attn_cli.topics.library import ORDER
from tests.conftest import Attn

TYPED: dict[str, tuple[int, str]] = {
    line: (int(status), answer)
    for status, line, answer in (
        row.split(" | ")
        for row in Path(__file__).with_name("typed_lines.txt").read_text("utf-8").splitlines()
    )
}
"""What is typed: the exit status, and how the answer begins."""

ASKED: dict[str, tuple[str, ...]] = {
    "scaling": (
        "why scaling",
        "√d",
        "缩放",
        "为什么要除以√d_k",
    ),
    "kv-cache": (
        "kv cache",
        "decoding",
    ),
    "multi-head": (
        "multi head",
        "多头",
        "mha",
        "什么是多头注意力？",
    ),
    "grouped-heads": (
        "gqa",
        "mqa",
        "grouped query attention",
    ),
    "positions": (
        "rope",
        "positional encoding",
        "alibi",
        "t5",
        "位置编码",
    ),
    "online-softmax": (
        "flash",
        "flashattention",
    ),
    "soft-and-hard": (
        "hard",
        "gumbel-softmax",
        "xu",
    ),
    "reinforce": ("reinforce", "强化学习", "policy gradient", "williams"),
    "symmetry": ("are weights symmetric", "对称"),
    "local-p": ("local-p", "bell curve", "高斯窗"),
    "local-and-hard": ("local as hard",),
    "images-and-graphs": ("graph attention", "images", "图像"),
    "dot-or-additive": ("dot or additive", "点积还是加性"),
    "words": ("glossary", "⊙", "nats", "术语", "FFN"),
    "sources": ("bibliography", "参考文献", "papers"),
    "softmax-jacobian": ("softmax jacobian",),
    "additive": ("bahdanau",),
    "general": ("luong",),
    "query-key-value": (
        "qkv",
        "query",
    ),
    "masks": (
        "causal",
        "掩码",
        "padding mask",
        "sliding window",
        "longformer",
    ),
    "seq2seq": (
        "seq2seq",
        "rnn",
        "encoder decoder",
        "循环神经网络",
    ),
    "bottleneck": ("one vector", "瓶颈"),
    "permutation": (
        "permutation",
        "order",
    ),
    "overflow": (
        "overflow",
        "nan",
        "numerical stability",
        "溢出",
    ),
    "attention": (
        "what is attention",
        "attention mechanism",
        "注意力",
    ),
    "scores": (
        "score function",
        "alignment",
    ),
    "softmax": (
        "temperature",
        "sparsemax",
        "entmax",
    ),
    "global-and-local": ("local-m", "局部"),
    "self-and-cross": (
        "self attention",
        "cross attention",
        "自注意力",
    ),
    "transformer": ("attention is all you need",),
    "complexity": (
        "flops",
        "o(n^2)",
        "复杂度",
    ),
    "scaled": ("vaswani",),
    "cosine": ("graves",),
    "mla": ("deepseek",),
    "gated": ("mamba",),
    "kernel": ("performer",),
}
"""Topics, with words that ask for them."""


@pytest.mark.parametrize("line", TYPED)
def test_a_line_is_understood(attn: Attn, line: str) -> None:
    """It runs with a note of how it was read, or is answered by the command that was meant."""
    for name in "qkv":
        np.save(f"{name}.npy", np.eye(2))
    np.savez("all.npz", q=np.eye(2), k=np.eye(2), v=np.eye(2))
    status, answer = TYPED[line]
    ran = attn(*shlex.split(line)[1:])
    assert ran.status == status, ran.err
    said = [one for one in ran.err.splitlines() if one.startswith(("Error", "Note: read"))]
    assert (said[0] if said else ran.out.strip()).startswith(answer)
    assert "Usage:" not in ran.err


@pytest.mark.parametrize("topic", ASKED)
def test_topics_are_found_by_other_words(topic: str) -> None:
    """Acronyms, authors, questions and Chinese words find their page."""
    assert {words: topic_named(words.lower()) for words in ASKED[topic]} == dict.fromkeys(
        ASKED[topic], topic
    )


def test_there_are_many_lines() -> None:
    """The table is as long as what people were seen to type."""
    assert len(TYPED) + sum(map(len, ASKED.values())) >= 120


def test_every_mode_normalizer_mask_and_bias_has_a_page() -> None:
    """Asked for by its name, each finds a topic; as a mode each says which option it is."""
    for one in (*mechanisms.MECHANISMS, *NORMALIZERS, *KINDS, *BIASES):
        assert topic_named(one.name) is not None, one.name
    for one in (*NORMALIZERS, *KINDS, *BIASES):
        assert option_meant(one.name) is not None, one.name


def test_every_author_of_a_mode_has_a_page() -> None:
    """The first word of each source is a name that is found."""
    for one in mechanisms.MECHANISMS:
        author = one.source.removeprefix("after ").split()[0].lower()
        assert topic_named(author) is not None, author


def test_aliases_belong_to_topics_and_to_one_alone() -> None:
    """No alias stands under two topics, and each topic of the table is one."""
    modes = [one.name for one in mechanisms.MECHANISMS]
    assert set(ALIASES) <= {*ORDER, *modes}
    every = [alias for others in ALIASES.values() for alias in others]
    assert len(every) == len(set(every))
    also = [other for one in mechanisms.MECHANISMS for other in one.also]
    assert len(also) == len(set(also))
    assert not {*also} & {*modes}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mask", "--padding", "3"), "Padding is masked by the number of real keys: --lengths 5,3"),
        (("mask", "--pad", "3"), "Did you mean --lengths?"),
        (("compute", "--attention-mask", "x"), "Did you mean --mask?"),
        (("compute", "--causal-mask"), "Did you mean --causal?"),
        (("complexity", "--model", "llama"), "Did you mean --config?"),
        (("compute", "--dropout", "0.1"), "Nothing is dropped"),
        (("compute", "--mode", "linear", "--only", "weights"), "makes no weights of pairs. Known:"),
        (("compute", "--only", "masked"), "Nothing is masked: --causal does so. Known:"),
    ],
)
def test_what_was_meant_is_named(attn: Attn, words: tuple[str, ...], said: str) -> None:
    """The option of another program, or the reason why a step is missing."""
    ran = attn(*words)
    assert ran.status == 2
    assert said in ran.err


def test_batch_and_heads_of_one_may_be_left_out(attn: Attn) -> None:
    """A cell is named by the axes that have several positions."""
    whole = attn("compute", "--batch", 1, "--heads", 2, "--show-work", "scores[0,h0,q3,k1]")
    short = attn("compute", "--batch", 1, "--heads", 2, "--show-work", "scores[h0,q3,k1]")
    assert whole.out == short.out
    assert "= " in short.out
    ran = attn("compute", "--batch", 2, "--show-work", "scores[q3,k1]")
    assert "give 3 positions, not 2" in ran.err


def test_a_cache_without_projections_is_counted(attn: Attn) -> None:
    """Cached keys have the axes of new ones, with heads and without."""
    for more in ((), ("--heads", 2), ("--batch", 2)):
        ran = attn("complexity", "--n", 4, "--m", 10, "--d", 8, "--no-projections", *more)
        assert ran.status == 0, ran.err
        assert "m ≠ n: the other m - n keys and values come from a cache" in ran.out
