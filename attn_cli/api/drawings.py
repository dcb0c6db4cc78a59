"""Pictures in topics, drawn as text from numbers at hand: shapes that flow, heads, curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from attn_cli.api.compute import compute
from attn_cli.language import said
from attn_cli.topics.bibliography import sources
from attn_cli.units import flops_text
from attn_cli.views.page import Bar, Bars, Block, Heading, Lines, listing

PLACE, REACH, COUNT = 2.6, 4, 7
"""Of the bell curve: where it stands, how far it reaches, over how many keys."""


def _chart(bars: Sequence[Bar], name: str) -> Bars:
    """Bars of one part each, whose lengths are amounts."""
    return Bars(tuple(bars), ("weight",), (name,), ("█",))


def _drawing(*lines: str) -> Lines:
    """Lines whose columns belong together; at most 38 wide."""
    return Lines(lines, kind="drawing")


def flow() -> Iterator[Block]:
    """Q, K and V from rows to the output, with the shapes of a run."""
    run = compute(x=np.ones((3, 4)), context=np.ones((5, 4)), w_v=np.ones((4, 2)))
    shape = {step.name: "×".join(map(str, step.shape)) for step in run.steps}
    names = ("x", "context", "q", "k", "v", "scores", "weights", "output")
    x, context, q, k, v, scores, weights, output = (shape[name] for name in names)
    yield _drawing(
        f"X {x}          {said('context')} {context}",
        " │ W_Q            │ W_K      │ W_V",
        " ▼                ▼          ▼",
        f"Q {q}          K {k}      V {v}",
        " └───── Q Kᵀ ─────┘          │",
        "          ▼                  │",
        f"     scores {scores}".ljust(29) + "│",
        "          │ softmax          │",
        "          ▼                  │",
        f"     weights {weights}".ljust(29) + "│",
        "          └──── weights V ───┘",
        "                    ▼",
        f"               output {output}",
    )


def shared_heads() -> Iterator[Block]:
    """Which key head each of eight query heads reads, and what a token keeps."""
    heads, width = 8, 64
    rows = []
    for name, shared in (("MHA", 8), ("GQA", 2), ("MQA", 1)):
        own = " ".join(f"{at * shared // heads}" for at in range(heads))
        rows.append((name, own, f"{2 * shared * width:,}"))
    latent, turned = 4 * width, width // 2
    rows.append(("MLA", " ".join("c" * heads), f"{latent + turned:,}"))
    columns = (" ", said("key head read"), said("numbers a token"))
    yield listing(columns, rows, right=columns[-1:])
    note = said(
        "{heads} query heads, {width} wide. c: one latent row of {latent} for all, and a key of "
        "{turned} that position turns.",
        heads=heads,
        width=width,
        latent=latent,
        turned=turned,
    )
    yield Lines((note,), indented=False)


def bell() -> Iterator[Block]:
    """The factor of each key by its distance from the place."""
    spread = REACH / 2
    bars = []
    for key in range(COUNT):
        away = key - PLACE
        factor = float(np.exp(-(away**2) / (2 * spread**2))) if abs(away) <= REACH else 0.0
        bars.append(
            Bar(
                f"k{key}",
                (factor,),
                f"{factor:.2f}",
                said("{distance} away", distance=f"{abs(away):.1f}"),
            )
        )
    yield _chart(bars, said("factor of the weight"))


def variance() -> Iterator[Block]:
    """How the variance of scores grows with the width, and what 1/√d makes of it."""
    from attn_cli.api.measurements import variances

    widths = (4, 16, 64, 256)
    found = variances(widths)
    most = max(plain for plain, _ in found)
    bars = [
        Bar(
            f"d = {width}", (plain / most,), f"{plain:,.1f}", said("scaled: {x}", x=f"{scaled:.2f}")
        )
        for width, (plain, scaled) in zip(widths, found, strict=True)
    ]
    yield _chart(bars, said("variance of q · k"))


def seq2seq() -> Iterator[Block]:
    """An encoder whose last state is all, beside one whose every state is looked at."""
    yield Heading("", said("One vector"))
    yield _drawing("h_1 ─▶ h_2 ─▶ h_3 ─▶ h_4 = z", "z ─▶ s_1 ─▶ s_2 ─▶ s_3")
    yield Lines((said("four words in one z, where the decoder starts"),))
    yield Heading("", said("With attention"))
    yield _drawing(
        "h_1 ─▶ h_2 ─▶ h_3 ─▶ h_4",
        " │ α_1  │ α_2  │ α_3  │ α_4",
        " └──────┴──┬───┴──────┘",
        "           ▼",
        "    c_t = Σ α_j h_j",
        "           ▼",
        "s_t-1 ─▶ s_t",
    )
    yield Lines((said("another mixture for each step t; s_t-1 is its query"),))


def orders() -> Iterator[Block]:
    """(Q Kᵀ) V against Q (Kᵀ V): the same products, in two orders."""
    for n, d in ((16, 64), (4096, 64)):
        first, second = 4 * n * n * d, 4 * n * d * d
        most = max(first, second)
        yield Heading("", f"n = {n:,}, d = {d}")
        bars = [
            Bar(f"(Q Kᵀ) V  {n:,}×{n:,}", (first / most,), flops_text(first)),
            Bar(f"Q (Kᵀ V)  {d}×{d}", (second / most,), flops_text(second)),
        ]
        yield _chart(bars, said("FLOPs"))
    yield Lines((said("the size is that of the product in brackets"),), quiet=True)


def bibliography() -> Iterator[Block]:
    """Every source, numbered."""
    for number, one in enumerate(sources(), 1):
        unchecked = "" if one.checked else f" ({said('not checked')})"
        name = f"[{number}] {one.name}: {_authors(one.authors)}"
        yield Lines((name,), indented=False, kind="verbatim")
        title = f"{one.title}. {one.venue}{unchecked}"
        yield Lines((title, one.address), quiet=True, kind="verbatim")


def _authors(names: str) -> str:
    first = names.removesuffix(" and others")
    return names if first == names else said("{first} and others", first=first)


DRAWINGS: dict[str, Callable[[], Iterator[Block]]] = {
    "flow": flow,
    "shared-heads": shared_heads,
    "bell": bell,
    "variance": variance,
    "seq2seq": seq2seq,
    "orders": orders,
    "sources": bibliography,
}
"""Every picture by the name that topics call it."""
