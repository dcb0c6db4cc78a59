"""Which step a matrix is, from what people call it: S, QK^T, attention weights, softmax(…) V."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

SPOKEN: Mapping[str, tuple[str, ...]] = {
    "q": ("queries", "query matrix", "query", "查询"),
    "k": ("keys", "key matrix", "key", "键"),
    "v": ("values", "value matrix", "value", "值"),
    "x": ("input", "inputs", "embeddings", "word embeddings", "输入", "词嵌入"),
    "scores": (
        "scores",
        "raw scores",
        "unscaled scores",
        "attention scores",
        "dot products",
        "logits",
        "打分",
        "得分",
        "分数",
        "注意力分数",
    ),
    "scaled": (
        *("scaled scores", "scaled dot products", "scaled", "scale", "scaling", "divide by"),
        *("divided by", "缩放", "缩放后的分数", "缩放后的得分", "除以"),
    ),
    "masked": ("masked scores", "masked", "after the mask", "掩码后的分数"),
    "mask": ("mask", "attention mask", "掩码"),
    "weights": (
        "weights",
        "attention weights",
        "attention probabilities",
        "probabilities",
        "softmax",
        "attention matrix",
        "权重",
        "注意力权重",
    ),
    "output": (
        "output",
        "outputs",
        "result",
        "context vectors",
        "context",
        "attention output",
        "weighted sum",
        "weighted values",
        *(
            "multiply by v",
            "multiply by the values",
            "multiply with v",
            "times v",
            "mix the values",
        ),
        "输出",
        "加权和",
    ),
}
"""Words for steps; the longest that stands first in a heading counts."""

LETTERS: Mapping[str, tuple[str, ...]] = {
    "scores": ("s", "e", "qkᵀ", "qk", "score"),
    "scaled": ("tildes", "s̃", "qkᵀ/√", "s/√", "scores/√", "s'", "score/√"),
    "masked": ("s+m", "scaled+mask", "scores+mask"),
    "weights": ("a", "α", "p", "w", "softmaxs", "alpha", "attn"),
    "output": ("o", "z", "c", "h", "av", "wv", "pv", "αv", "weightsv", "attention", "out", "y"),
    "w_q": ("wq",),
    "w_k": ("wk",),
    "w_v": ("wv",),
    "w_o": ("wo",),
}
"""Letters and formulas for steps, as `plain` writes them."""

DROPPED = (
    (re.compile(r"\\(?:begin|end)\{[a-z*]+\}"), ""),
    (re.compile(r"\\(?:math[a-z]+|text|boldsymbol|operatorname|bm)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\d?frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}"), r"\1/\2"),
    (re.compile(r"\\sqrt\s*|sqrt"), "√"),
    (re.compile(r"\^\s*\{?\s*(\\top|\\intercal|\\mathsf\{T\}|T|⊤)\s*\}?|\.T\b|\.mT\b|⊤"), "ᵀ"),
    (re.compile(r"\\(left|right|cdot|times|,|;|quad|big|Big)\b|\\[,;: ]"), ""),
    (re.compile(r"√\s*[{(]?\s*\w+\s*(\{\w+\})?\s*[})]?"), "√"),
    (re.compile(r"[\\\s{}()\[\]*·×@_$`#.,'′&>•]|^\s*-\s+"), ""),
)
"""What is taken off a formula until only what it says is left."""

DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")

EQUALS = re.compile(r"=|≈|:|：|\\approx|\\colon")
FORMULA = re.compile(r"softmax|√|sqrt|frac|/|\^|ᵀ|\.T\b|@")
"""What a name has that says how it is computed: it counts more than a letter beside it."""
ASSIGNS = re.compile(r"=|≈|\\approx")
NUMBERED = re.compile(
    r"^(?:\s*(?:[-*•]\s+|\d+[.)]?\s+|#+\s*|\**\s*(?:step|第)\s*\d+\s*步?\s*[.:：)]?\s*\**))*", re.I
)
"""Marks of a list, a heading or a step before a name."""
ROW = re.compile(r"(?P<name>[^\W\d]+(?:_[a-z])?)(?P<row>\d+)")
HEAD = re.compile(r"(?i)\bhead\s*(\d+)|第?\s*(\d+)\s*个?头")


def plain(text: str) -> str:
    r"""A formula or a name without its dress: `\frac{QK^T}{\sqrt{d_k}}` is qkᵀ/√."""
    for pattern, new in DROPPED:
        text = pattern.sub(new, text)
    return text.lower()


def known_names(steps: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Names as `plain` writes them, of steps with their symbols and formulas."""
    found: dict[str, str] = {}
    for name, ways in steps.items():
        for way in (name, *ways):
            found.setdefault(plain(way), name)
    for name, ways in LETTERS.items():
        for way in ways:
            found.setdefault(way, name)
    return found


def candidates(captions: Sequence[str], known: Mapping[str, str]) -> Iterator[str]:
    """What a matrix may be, most likely first; a row of one is written q/0."""
    for caption in captions:
        parts = [NUMBERED.sub("", part) for part in EQUALS.split(caption)]
        for part in sorted(parts, key=lambda one: not FORMULA.search(one)):
            yield from _exactly(part, known)
        if ASSIGNS.search(caption) and not FORMULA.search(parts[0]) and parts[0].split():
            yield from _exactly(parts[0].split()[-1], known)
        yield from _spoken(caption)


def head_of(captions: Sequence[str]) -> int | None:
    """The head that captions name."""
    for caption in captions:
        match = HEAD.search(caption)
        if match:
            return int(match[1] or match[2])
    return None


def _exactly(part: str, known: Mapping[str, str]) -> Iterator[str]:
    said = plain(part.translate(DIGITS))
    if said in known:
        yield known[said]
    elif said.startswith("attention") and said.endswith("v"):
        yield "output"
    elif said.startswith("softmax"):
        yield "output" if said.endswith("v") else "weights"
    row = ROW.fullmatch(said)
    if row and row["name"] in known:
        yield f"{known[row['name']]}/{row['row']}"


DONE = (
    (
        re.compile(
            r"(multipl|times|weight(ed)? (sum|average)).*\bvalues?\b|(multipl|times).*\bv\b"
        ),
        "output",
    ),
    (re.compile(r"softmax|normali[sz]|归一化"), "weights"),
    (re.compile(r"\bmask|掩码|遮"), "masked"),
    (re.compile(r"(?<!un)\bscal(e|ing|ed)\b|divid|√|sqrt|square root|缩放|除以"), "scaled"),
    (re.compile(r"dot product|similarit|点积|相似度"), "scores"),
    (re.compile(r"weighted (sum|average)|加权求和"), "output"),
)
"""What a heading says is done, which counts more than what it is done to."""


def _spoken(caption: str) -> Iterator[str]:
    """What a heading says is done; then its words, in the order in which they stand."""
    text = caption.lower()
    yield from (name for pattern, name in DONE if pattern.search(text))
    found: list[tuple[int, int, str]] = []
    for name, words in SPOKEN.items():
        for word in words:
            pattern = rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else word
            match = re.search(pattern, text)
            if match:
                found.append((match.start(), -len(word), name))
    yield from (name for _, _, name in sorted(found))
