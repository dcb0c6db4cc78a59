"""How fast attention can be at best: by operations, and by bytes moved (a roofline)."""

from __future__ import annotations

from attn_cli.cost_report import CostReport, Floor, Timing
from attn_cli.errors import AttnError
from attn_cli.machines import Machine


def timing(report: CostReport, machine: Machine) -> Timing:
    """Hold the core's operations and bytes against a machine's rates.

    Raises AttnError where a size is open, or the machine has no published rate for the type.
    """
    if report.dtype not in machine.peaks:
        raise AttnError(
            f"--hardware: {machine.name} has no published rate for {report.dtype}. "
            f"It has: {', '.join(machine.peaks)}; choose one with --dtype."
        )
    peak = machine.peaks[report.dtype]
    floors = []
    for way, key in (("scores through memory", "through_memory"), ("fused", "fused")):
        intensity = report.intensity[key]
        if intensity is None or report.core_operations.value is None:
            raise AttnError("--hardware needs a number for every size.")
        operations = float(report.core_operations.value)
        floors.append(Floor(way, operations / peak, operations / intensity / machine.bandwidth))
    return Timing(
        machine.name,
        machine.source,
        peak,
        machine.bandwidth,
        peak / machine.bandwidth,
        tuple(floors),
    )
