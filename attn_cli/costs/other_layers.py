"""Kinds of layers side by side: Vaswani 2017, Table 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attn_cli.costs.symbolic import Costed, Shape
from attn_cli.masks.paths import NEVER
from attn_cli.mechanisms import Mechanism
from attn_cli.program import Size
from attn_cli.readings import formulas
from attn_cli.readings.cost import RUNNING
from attn_cli.readings.formulas import letter
from attn_cli.results.cost import Amount, Layer


def table_1(
    shape: Shape,
    amount: Callable[[Size], Amount],
    own: Size,
    dense: Size,
    mechanism: Mechanism,
    costed: Costed,
) -> tuple[Layer, ...]:
    """Operations of a layer, steps that wait for each other, and the longest path.

    own: the products of one layer of this mode, which comes first where its order or its path is
    none of the table's; dense: the same without a mask.

    The table leaves projections and factors out, and so does the value of this mode: it is its
    formula without the factor that its dense form has before its leading term. k is the width of
    a convolution's kernel, r the number of neighbours that restricted attention sees.
    """
    n, d = letter(shape.name("n")), letter(shape.name("d"))
    k, r = letter("k"), letter("r")
    known = n**2 * d
    order = formulas.order(own, costed.bounds)
    path = longest_path(shape, mechanism, costed)
    runs = any(step.operation in RUNNING for step in costed.program)
    wait = f"O({n})" if runs else "O(1)"
    if runs and mechanism.twin is not None:
        wait += f", O(1) as {mechanism.twin.name}"
    first: tuple[Layer, ...] = ()
    if order != known or path != "O(1)" or runs:
        value = amount(formulas.expanded(own) / _factor(dense, costed))
        shown = amount(order)._replace(value=value.value)
        first = (Layer(f"this one ({mechanism.name})", shown, wait, path),)
    return (
        *first,
        Layer("self-attention", amount(n**2 * d), "O(1)", "O(1)"),
        Layer("recurrent", amount(n * d**2), f"O({n})", f"O({n})"),
        Layer("convolution, width k", amount(k * n * d**2), "O(1)", f"O(log_k {n})"),
        Layer("restricted to r neighbours", amount(r * n * d), "O(1)", f"O({n} / r)"),
    )


def longest_path(shape: Shape, mechanism: Mechanism, costed: Costed) -> str:
    """How many layers lie between the two positions that are farthest apart.

    A running state that is only added to holds every earlier position alike, as its sum would;
    one with a gate, or that erases, passes each position through all later ones.
    """
    n = shape.name("n")
    if mechanism.apart:
        return NEVER
    if any(_changes(step) for step in costed.program):
        return f"O({n})"
    if shape.path is not None:
        return shape.path.replace("n", n) if shape.path != NEVER else NEVER
    if shape.w == 1:
        return NEVER
    reach = shape.w if shape.w is not None else shape.choices.local_p
    return "O(1)" if reach is None else f"O({n} / {reach})"


def _changes(step: Any) -> bool:
    """Whether a running state is changed, not only added to."""
    if step.operation != "scan":
        return False
    return bool(step.options["erases"] or "gate" in step.options["roles"])


def _factor(dense: Size, costed: Costed) -> Any:
    """The largest factor of a formula's leading terms; 1 where there is none."""
    lead = formulas.expanded(formulas.leading(dense, costed.bounds))
    return max((term.as_coeff_Mul()[0] for term in lead.as_ordered_terms() if term != 0), default=1)
