"""How fast attention can be at best: by operations, and by bytes moved (a roofline)."""

from __future__ import annotations

from attn_cli.costs.report import ITEM_SIZES
from attn_cli.data.machines import Machine
from attn_cli.errors import AttnError
from attn_cli.results.cost import CostReport, Floor, ModelReport, Timing

CORE = "attention core only: queries with keys, no projections and none of their weights"


def timing(report: CostReport, machine: Machine) -> Timing:
    """Hold the core's operations and bytes against a machine's rates.

    Raises AttnError where a size is open, or the machine has no published rate for the type.
    """
    peak = _peak(machine, report.dtype)
    floors = []
    for way, key in (("scores through memory", "through_memory"), ("fused", "fused")):
        intensity = report.intensity[key]
        if intensity is None or report.core_operations.value is None:
            raise AttnError("‹hardware› needs a number for every size.")
        operations = float(report.core_operations.value)
        floors.append(Floor(way, operations / peak, operations / intensity / machine.bandwidth))
    return _timing(machine, peak, CORE, floors)


def model_timing(report: ModelReport, machine: Machine) -> Timing:
    """Hold all attention layers of a model against a machine: operations, weights and cache read.

    Raises AttnError where the machine has no published rate for the type.
    """
    peak = _peak(machine, report.dtype)
    compute = report.flops / peak
    weights = report.weights * ITEM_SIZES[report.dtype]
    ways = {
        "attention's weights and cache read": weights + report.cache,
        "cache alone": report.cache,
    }
    if not report.decodes:
        ways = {"attention's weights read": weights}
    floors = [Floor(way, compute, read / machine.bandwidth) for way, read in ways.items()]
    return _timing(machine, peak, "attention layers alone, no feed-forward layers", floors)


def _peak(machine: Machine, dtype: str) -> float:
    if dtype not in machine.peaks:
        raise AttnError(
            f"‹hardware›: {machine.name} has no published rate for {dtype}. "
            f"It has: {', '.join(machine.peaks)}; choose one with ‹dtype›."
        )
    return machine.peaks[dtype]


def _timing(machine: Machine, peak: float, what: str, floors: list[Floor]) -> Timing:
    return Timing(
        machine.name,
        machine.source,
        peak,
        machine.bandwidth,
        peak / machine.bandwidth,
        what,
        tuple(floors),
    )
