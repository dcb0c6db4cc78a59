"""The JSON document of a cost, `attn.cost/1`; strict JSON, every number an integer."""

from __future__ import annotations

from typing import Any

from attn_cli.results.cost import Amount, BackwardReport, CostReport, CostStep
from attn_cli.spelling import spelled


def described(report: CostReport) -> dict[str, Any]:
    """The report as JSON has it; formulas are in SymPy syntax."""
    return {
        "schema": "attn.cost/1",
        "command": "complexity",
        "mode": report.mode,
        "dtype": report.dtype,
        "symbols": report.sizes,
        "steps": [*map(_step, report.steps)],
        "totals": {name: _flops(amount) for name, amount in report.totals.items()},
        "core": _flops(report.core),
        "projections": _flops(report.projections),
        "pairs": report.pairs and {"kept": _bytes(report.pairs[0]), "all": _bytes(report.pairs[1])},
        "memory": {name: _bytes(amount) for name, amount in report.memory.items()},
        "kv_cache": {name: _bytes(amount) for name, amount in report.kv_cache.items()},
        "intensity": report.intensity,
        "crossovers": [
            {"between": list(c.between), "letter": c.letter, "at": c.at.plain, "value": c.at.value}
            for c in report.crossovers
        ],
        "layers": [
            {
                "name": layer.name,
                "flops": layer.operations.plain,
                "value": layer.operations.value,
                "sequential": layer.sequential,
                "path": layer.path,
            }
            for layer in report.layers
        ],
        "facts": list(report.facts),
        "conventions": [*map(spelled, report.conventions)],
    }


def backward_described(report: BackwardReport) -> dict[str, Any]:
    """The gradient's part of the document."""
    return {
        "steps": [*map(_step, report.steps)],
        "totals": {name: _flops(amount) for name, amount in report.totals.items()},
        "kept": _bytes(report.kept),
        "recomputed": _bytes(report.recomputed),
    }


def _step(step: CostStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "operation": step.operation,
        "kind": step.kind,
        "flops": step.flops.plain,
        "value": step.flops.value,
        "open": step.flops.open_plain or None,
        "bytes": step.bytes.plain,
        "bytes_value": step.bytes.value,
        "live": step.live.plain,
        "live_value": step.live.value,
        "order": step.order_plain,
    }


def _flops(amount: Amount) -> dict[str, Any]:
    return {"flops": amount.plain, "value": amount.value}


def _bytes(amount: Amount) -> dict[str, Any]:
    return {"formula": amount.plain, "value": amount.value}
