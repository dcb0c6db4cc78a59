"""Which step a matrix is, from what people call it: S, QK^T, attention weights, softmax(…) V."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache

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
    "mask": ("m",),
    "weights": ("a", "α", "p", "w", "softmaxs", "alpha", "attn"),
    "output": ("o", "z", "c", "h", "av", "wv", "pv", "αv", "weightsv", "attention", "out", "y"),
    "w_q": ("wq",),
    "w_k": ("wk",),
    "w_v": ("wv",),
    "w_o": ("wo",),
}
"""Letters and formulas for steps, as `plain` writes them."""

DROPPED = (
    (re.compile(r"\^\s?\{?\(?([QKVOqkvo])\)?\}?(?![A-Za-z])"), r"_\1"),
    (re.compile(r"\\(?:begin|end)\{[a-z*]+\}"), ""),
    (re.compile(r"\\(?:math[a-z]+|text|boldsymbol|operatorname|bm)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\d?frac\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\{((?:[^{}]|\{[^{}]*\})*)\}"), r"\1/\2"),
    (re.compile(r"\\sqrt\s*|sqrt"), "√"),
    (re.compile(r"\^\s*\{?\s*(\\top|\\intercal|\\mathsf\{T\}|T|⊤)\s*\}?|\.T\b|\.mT\b|⊤"), "ᵀ"),
    (re.compile(r"\\(left|right|cdot|times|,|;|quad|big|Big)\b|\\[,;: ]"), ""),
    (re.compile(r"√[{(]?\w+(\{\w+\})?[})]?"), "√"),
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
HEAD = re.compile(r"(?i)\bhead\s?(\d+)|头\s?(\d+)|第?(\d+)\s?个?头")


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    r"""A formula or a name without its dress: `\frac{QK^T}{\sqrt{d_k}}` is qkᵀ/√."""
    text = re.sub(r"\s+", " ", text)
    for pattern, new in DROPPED:
        text = pattern.sub(new, text)
    return text.lower()


LONGEST_CAPTION = 200
"""Letters of a line in which a name is looked for."""

OF_ANOTHER = re.compile(
    r"(?i)\b(before|exp|unnormali[sz]ed|numerators?|denominators?|grad(ient)?s?|targets?|shapes?"
    r"|transposed?|residual|layer ?norm|dropout|mistakes?|wrong|incorrect|expected)\b"
    r"|after (the )?(residual|dropout|ffn|norm)|e\^|d[lL]\s?/|转置|梯度|之前"
)
"""Words by which a line speaks of something else than the step that it names."""

OWN_NAME = re.compile(r"[\w\\{}^'̃ᵀ().]{1,24}")
"""A name that is given to a matrix: what stands before a sign of equality, alone."""


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
    """What a matrix may be, most likely first; a row of one is written q/0.

    One that has a name of its own is never what a heading says.
    """
    for caption in (one[-LONGEST_CAPTION:] for one in captions):
        parts = [NUMBERED.sub("", part) for part in EQUALS.split(caption)]
        for part in sorted(parts, key=lambda one: not FORMULA.search(one)):
            yield from _exactly(part, known)
        if not OF_ANOTHER.search(caption):
            if ASSIGNS.search(caption) and not FORMULA.search(parts[0]) and parts[0].split():
                yield from _exactly(parts[0].split()[-1], known)
            yield from _spoken(caption)
        if _own_name(caption):
            return


def _own_name(caption: str) -> bool:
    """Whether a line gives a matrix a name, as in M = …."""
    before, sign, _ = caption.partition("=")
    return bool(sign) and OWN_NAME.fullmatch(before.strip()) is not None


def surely(captions: Sequence[str], known: Mapping[str, str]) -> set[str]:
    """What a matrix is by its own name or formula, or by a line that says nothing else."""
    found: set[str] = set()
    for caption in (one[-LONGEST_CAPTION:] for one in captions):
        parts = [NUMBERED.sub("", part) for part in EQUALS.split(caption)]
        for part in parts:
            found.update(name.partition("/")[0] for name in _exactly(part, known))
            said = part.strip(" \t*_#:：").lower()
            found.update(name for name, words in SPOKEN.items() if said in words)
        if not OF_ANOTHER.search(caption) and ASSIGNS.search(caption) and parts[0].split():
            found.update(n.partition("/")[0] for n in _exactly(parts[0].split()[-1], known))
    return found


def head_of(captions: Sequence[str], otherwise: int | None = None) -> int | None:
    """The head that captions name."""
    for caption in captions:
        match = HEAD.search(caption)
        if match:
            return int(match[1] or match[2] or match[3])
    return otherwise


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
            r"(multipl|times|weight(ed)? (sum|average)).{0,80}\bvalues?\b"
            r"|(multipl|times).{0,80}\bv\b"
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
    for pattern in _words():
        for match in pattern.finditer(text):
            found.append((match.start(), -len(match[0]), str(match.lastgroup)))
    yield from dict.fromkeys(name for _, _, name in sorted(found))


@cache
def _words() -> tuple[re.Pattern[str], ...]:
    """One pattern for each step with all its words, the longest first; Latin ones stand alone."""
    patterns = []
    for name, words in SPOKEN.items():
        ordered = sorted(words, key=lambda word: -len(word))
        ways = [
            rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else word for word in ordered
        ]
        patterns.append(re.compile(rf"(?P<{name}>{'|'.join(ways)})"))
    return tuple(patterns)
