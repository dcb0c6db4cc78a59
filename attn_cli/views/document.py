"""The JSON document of a run, `attn.trace/1`, written piece by piece; strict JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite, isnan
from types import MappingProxyType
from typing import Any

from attn_cli.results.trace import SCHEMA, Trace, TracedStep
from attn_cli.views.visible import escaped_json


def parts(
    trace: Trace,
    only: str | None = None,
    ascii_only: bool = False,
    settings: Mapping[str, Any] = MappingProxyType({}),
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[str]:
    """The document in pieces, so that a large array is never held as text.

    settings: by which it is read back. more: what a command adds to it.
    """

    def dump(value: Any) -> str:
        import json

        return escaped_json(json.dumps(value, ensure_ascii=ascii_only, allow_nan=False))

    head = {
        "schema": SCHEMA,
        "command": trace.command,
        "mode": trace.mode,
        "seed": trace.seed,
        "notices": list(trace.notices),
        "facts": list(trace.facts),
        "settings": dict(settings),
        "labels": {axis: list(names) for axis, names in trace.labels.items()},
        **more,
    }
    yield dump(head)[:-1] + ', "steps": ['
    steps = [step for step in trace.steps if only in (None, step.name)]
    for place, step in enumerate(steps):
        yield ("," if place else "") + "\n" + dump(described(step))[:-1] + ', "values": '
        yield from _array(step.values)
        yield "}"
    yield "\n]}\n"


def plain_value(value: Any, precision: int | None = None) -> Any:
    """Numbers as JSON has them; infinity and NaN as words."""
    if isinstance(value, list):
        return [plain_value(item, precision) for item in value]
    if isinstance(value, float):
        if isnan(value):
            return "nan"
        if not isfinite(value):
            return "inf" if value > 0 else "-inf"
        return value if precision is None else round(value, precision)
    return value


def described(step: TracedStep) -> dict[str, Any]:
    """What a document says of a step beside its numbers."""
    return {
        "name": step.name,
        "symbol": step.symbol,
        "formula": step.formula,
        "axes": list(step.axes),
        "shape": list(step.values.shape),
        **({} if step.queries is None else {"queries": list(step.queries)}),
        "dtype": step.dtype,
        "meaning": step.meaning,
        "flops": step.flops,
    }


def _array(array: Any) -> Iterator[str]:
    import json

    if array.ndim <= 1:
        numbers = array.tolist()
        try:
            yield json.dumps(numbers, allow_nan=False)
        except ValueError:
            yield json.dumps(plain_value(numbers), allow_nan=False)
        return
    yield "["
    for place, part in enumerate(array):
        yield "," if place else ""
        yield from _array(part)
    yield "]"
