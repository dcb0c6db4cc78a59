"""Faults of what is given: arrays exchanged or on their side, matrices left out, a cache."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from attn_cli.arrays.projections import PROJECTION_BIASES
from attn_cli.faults.fault import Array, Edit, Fault, Setting, Telling
from attn_cli.faults.placing import expression_of, remade
from attn_cli.language import said

VASWANI = "Vaswani 2017, section 3.2"

WEIGHTS = ("w_q", "w_k", "w_v", "w_o")


def _exchanged(one: str, other: str) -> Edit:
    """Two arrays, or the matrices that make them, each in the place of the other."""

    def edit(setting: Setting) -> Iterable[Setting]:
        for first, second in ((one, other), (f"w_{one}", f"w_{other}")):
            arrays = setting.arrays
            if first in arrays and second in arrays and _alike(arrays[first], arrays[second]):
                yield setting.given(**{first: arrays[second], second: arrays[first]})

    return edit


def _alike(first: Array, second: Array) -> bool:
    return first.shape == second.shape


def _transposed(name: str) -> Edit:
    def edit(setting: Setting) -> Iterable[Setting]:
        array = setting.arrays.get(name)
        if array is not None and array.ndim > 1 and array.shape[-1] == array.shape[-2]:
            yield setting.given(**{name: array.swapaxes(-1, -2)})

    return edit


def _weights_transposed(setting: Setting) -> Iterable[Setting]:
    if not setting.has("weights"):
        return
    rows, columns = setting.program.shape(setting.program["weights"])[-2:]
    if rows == columns:
        turned = setting.hooked("weights", hook=lambda x: x.swapaxes(-1, -2))
        yield turned.but(whole=True)


def _out_in(setting: Setting) -> Iterable[Setting]:
    """All square matrices at once, then each alone."""
    square = [
        name
        for name in WEIGHTS
        if name in setting.arrays and setting.arrays[name].shape[0] == setting.arrays[name].shape[1]
    ]
    chosen = [square] if len(square) > 1 else []
    for names in [*chosen, *([name] for name in square)]:
        turned = {name: setting.arrays[name].T for name in names}
        yield setting.given(**turned).variant(", ".join(names))


def _tells_out_in(meant: Setting, done: Setting) -> Telling:
    """Which matrices are turned, and how they were meant to lie."""
    names = next(one for one in done.details if {*one.split(", ")} <= {*WEIGHTS})
    way, right = ("X Wᵀ", "X W") if not meant.out_in else ("X W", "X Wᵀ")
    square = [name for name in WEIGHTS if name in meant.arrays]
    option = ""
    if set(names.split(", ")) == {*square}:
        option = f"‹weights_layout {'in-out' if meant.out_in else 'out-in'}›"
    return Telling(
        said("Rows are multiplied by {names} as {way}.", names=names, way=way),
        said("They are multiplied as {right}.", right=right),
        option,
    )


def _output_projection_missing(setting: Setting) -> Iterable[Setting]:
    """The heads side by side, where W_O keeps their width."""
    matrix = setting.arrays.get("w_o")
    if matrix is not None and matrix.shape[0] == matrix.shape[1]:
        yield setting.given(w_o=np.eye(matrix.shape[0]))


def _projection_bias_missing(setting: Setting) -> Iterable[Setting]:
    """All biases at once, then each alone."""
    there = [name for name in PROJECTION_BIASES if name in setting.arrays]
    chosen = [there] if len(there) > 1 else []
    for names in [*chosen, *([name] for name in there)]:
        kept = {name: one for name, one in setting.arrays.items() if name not in names}
        yield setting.but(arrays=kept).variant(", ".join(names))


def _cache(*, again: bool) -> Edit:
    """The last entry of a cache twice, or not at all."""

    def edit(setting: Setting) -> Iterable[Setting]:
        past = {
            name: setting.arrays[name] for name in ("past_k", "past_v") if name in setting.arrays
        }
        if not past or (not again and setting.size("m_past", 0) < 2):
            return
        mask = setting.choices.mask
        offset = setting.choices.offset
        if mask is not None and (expression_of(setting) is None or isinstance(offset, tuple)):
            return
        arrays = {
            name: np.concatenate([one, one[..., -1:, :]], axis=-2) if again else one[..., :-1, :]
            for name, one in past.items()
        }
        longer = setting.given(**arrays)
        if mask is None or isinstance(offset, tuple):
            yield longer
            return
        place = offset + (1 if again else -1)
        other = remade(longer, place)
        if other is not None and not setting.parts:
            yield longer.chosen(mask=other, offset=place)

    return edit


FAULTS = (
    Fault(
        "q-k-swapped",
        "Queries and keys are exchanged.",
        "Each query is held against the keys.",
        _exchanged("q", "k"),
        "attention(k, q, v)",
        "‹q› and ‹k› exchanged",
        VASWANI,
    ),
    Fault(
        "k-v-swapped",
        "Keys and values are exchanged.",
        "Scores come from keys, and values are mixed.",
        _exchanged("k", "v"),
        "q, v, k = qkv.chunk(3, dim=-1)",
        "‹k› and ‹v› exchanged",
        VASWANI,
    ),
    Fault(
        "q-v-swapped",
        "Queries and values are exchanged.",
        "Scores come from queries, and values are mixed.",
        _exchanged("q", "v"),
        "v, k, q = qkv.chunk(3, dim=-1)",
        "‹q› and ‹v› exchanged",
        VASWANI,
    ),
    Fault(
        "v-transposed",
        "The values are on their side: rows are features.",
        "Each row is the value of a key.",
        _transposed("v"),
        "weights @ v.transpose(-2, -1)",
        "",
        VASWANI,
    ),
    Fault(
        "weights-transposed",
        "The weights are on their side: rows are keys.",
        "Each row holds the weights of a query.",
        _weights_transposed,
        "weights.transpose(-2, -1)",
        "",
        VASWANI,
    ),
    Fault(
        "weights-out-in",
        "Matrices are on their side: (out, in) is taken for (in, out), or the other way.",
        "Rows are multiplied by each as it is meant to lie.",
        _out_in,
        "x @ linear.weight",
        "",
        "torch, nn.Linear: y = x Wᵀ",
        _tells_out_in,
    ),
    Fault(
        "projection-bias-missing",
        "The bias of a projection is left out.",
        "It is added to what the matrix makes: X W + b.",
        _projection_bias_missing,
        "nn.MultiheadAttention(E, H, bias=False)",
        "leave that array out",
        "torch, nn.MultiheadAttention: in_proj_bias",
    ),
    Fault(
        "output-projection-missing",
        "W_O is left out.",
        "It mixes the joined heads.",
        _output_projection_missing,
        "return out",
        "",
        "Vaswani 2017, section 3.2.2",
    ),
    Fault(
        "cache-entry-duplicated",
        "The last entry of the cache is there twice.",
        "It is there once.",
        _cache(again=True),
        "the cache is updated in two places",
        "",
        "Hugging Face: DynamicCache.update",
    ),
    Fault(
        "cache-entry-missing",
        "The last entry of the cache is lost.",
        "All of it is there.",
        _cache(again=False),
        "past_k[:, :, : position - 1]",
        "",
        "Hugging Face: cache_position",
    ),
)
"""Faults of inputs."""
