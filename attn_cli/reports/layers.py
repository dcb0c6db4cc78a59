"""Kinds of layers side by side: Vaswani 2017, Table 1."""

from __future__ import annotations

from collections.abc import Callable

from attn_cli.cost_report import Amount, Layer
from attn_cli.program import Size
from attn_cli.readings.formulas import letter
from attn_cli.reports.symbolic import Shape


def table_1(
    shape: Shape, amount: Callable[[Size], Amount], own: Size, name: str, *, runs: bool
) -> tuple[Layer, ...]:
    """Operations of a layer, steps that wait for each other, and the longest path.

    own: the order of a mode's products, which comes first where it is none of the table's; runs:
    whether it has a running state.

    The table leaves projections and factors out: k is the width of a convolution's kernel, r the
    number of neighbours that restricted attention sees.
    """
    n, d = letter(shape.name("n")), letter(shape.name("d"))
    k, r = letter("k"), letter("r")
    known = n**2 * d
    wait = f"O({n})" if runs else "O(1)"
    first = (Layer(f"this one ({name})", amount(own), wait, wait),) if own != known else ()
    return (
        *first,
        Layer("self-attention", amount(n**2 * d), "O(1)", "O(1)"),
        Layer("recurrent", amount(n * d**2), f"O({n})", f"O({n})"),
        Layer("convolution, width k", amount(k * n * d**2), "O(1)", f"O(log_k {n})"),
        Layer("restricted to r neighbours", amount(r * n * d), "O(1)", f"O({n} / r)"),
    )
