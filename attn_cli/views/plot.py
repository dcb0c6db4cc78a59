"""A sweep as curves on logarithmic axes, by uniplot (an extra)."""

from __future__ import annotations

from importlib.util import find_spec

from attn_cli.errors import AttnError
from attn_cli.results.cost import Sweep


def refuse_missing_extra() -> None:
    """Raise AttnError where uniplot is not installed, before anything is written."""
    if find_spec("uniplot") is None:
        raise AttnError("‹plot› needs uniplot: pip install uniplot (the extra attn-cli[plot]).")


def plot(sweep: Sweep) -> None:
    """Draw both curves to standard output."""
    from uniplot import plot as draw

    sizes = [row.size for row in sweep.rows]
    draw(
        xs=[sizes, sizes],
        ys=[[row.core for row in sweep.rows], [row.projections for row in sweep.rows]],
        x_as_log=True,
        y_as_log=True,
        lines=True,
        color=False,
        title=f"FLOPs over {sweep.letter}",
        legend_labels=[f"core {sweep.core}", f"projections {sweep.projections}"],
    )
