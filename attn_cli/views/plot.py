"""A sweep as curves on logarithmic axes, by uniplot (an extra)."""

from __future__ import annotations

from attn_cli.cost_report import Sweep
from attn_cli.errors import AttnError


def plot(sweep: Sweep) -> None:
    """Draw both curves to standard output.

    Raises AttnError where uniplot is not installed.
    """
    try:
        from uniplot import plot as draw
    except ImportError:
        raise AttnError("--plot needs an extra: pip install 'attn-cli[plot]'.") from None
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
