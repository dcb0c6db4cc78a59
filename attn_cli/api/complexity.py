"""From choices to the cost of one mechanism, or of a model by its configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from attn_cli import mechanisms
from attn_cli.api.cost import Cost, ModelCost
from attn_cli.api.cost_shapes import shape_of
from attn_cli.api.given import Arrays, arranged, refuse_arrays
from attn_cli.api.looking import Progress, silent
from attn_cli.api.sizes import size, swept
from attn_cli.costs.models import Questions, model_report
from attn_cli.costs.report import ITEM_SIZES, cost_report
from attn_cli.costs.roofline import model_timing, timing
from attn_cli.costs.symbolic import Shape
from attn_cli.costs.variants import sweep, variants
from attn_cli.data.machines import MACHINES, Machine
from attn_cli.errors import AttnError, brief, did_you_mean
from attn_cli.results.cost import BackwardReport
from attn_cli.spec import Spec, refuse_other
from attn_cli.spelling import choice

if TYPE_CHECKING:
    from attn_cli.arrays.sources import Sources

LONGEST_CONFIG = 2**22


@overload
def complexity(*, config: str, spec: Spec | None = None, **given: Any) -> ModelCost: ...


@overload
def complexity(*, config: None = None, spec: Spec | None = None, **given: Any) -> Cost: ...


def complexity(
    *,
    config: str | None = None,
    spec: Spec | None = None,
    details: bool = False,
    plot: bool = False,
    **given: Any,
) -> Cost | ModelCost:
    """Count operations and bytes, as formulas and as numbers.

    given: choices as Spec has them; a size is a whole number or a letter, or left out (n=512,
    d="d"). mask: an expression, or an array. config: a model's configuration file
    instead, or the text of one.
    details: its page has memory, other layers and counting conventions too; plot: and the sweep
    drawn.

    Raises AttnError (a ValueError) that names the parameter and what to try.
    """
    arrays, chosen = arranged({"config": config, **given}, spec)
    if plot and config is not None:
        raise AttnError("‹config› says what the model is; leave ‹plot› out.")
    if plot and chosen.sweep is None:
        raise AttnError("‹plot› needs ‹sweep›, the range it is about.")
    cost = counted(arrays, chosen, _no_input)
    cost.details = details
    if isinstance(cost, Cost):
        cost.plot = plot
    return cost


def counted(
    arrays: Arrays, spec: Spec, sources: Callable[[], Sources], progress: Progress = silent
) -> Cost | ModelCost:
    """The same from arrays and choices; sources: where a mask is read from."""
    refuse_other(spec, "complexity")
    if spec.config is not None:
        cost: Cost | ModelCost = model_of(spec, arrays)
    else:
        cost = costs_of(spec, arrays, sources, progress)
    cost._recipe = (counted, (Arrays(mask=arrays.mask, param={}), spec, _no_input))
    return cost


def _no_input() -> Sources:
    from attn_cli.arrays.sources import Sources

    return Sources(None)


def costs_of(
    spec: Spec, arrays: Arrays, sources: Callable[[], Sources], progress: Progress = silent
) -> Cost:
    """Read the sizes and put the reports together; sources: where a mask is read from.

    Raises AttnError for choices that do not go together.
    """
    refuse_arrays(arrays, "mask")
    mechanism, dtype = _mechanism(spec), _dtype(spec.dtype or "float32", "‹dtype›")
    if spec.kv_dtype is not None:
        raise AttnError("‹kv_dtype› is for ‹config›; elsewhere ‹dtype› is that of the cache too.")
    shape = shape_of(mechanism, spec, arrays.mask, sources, progress)
    if shape.p is not None and spec.sweep is not None:
        raise AttnError("‹sweep› changes sizes; this mask is counted at one: give one of them.")
    made = cost_report(mechanism, shape, dtype)
    compared = spec.compare.lower().split(",") if isinstance(spec.compare, str) else []
    field, lengths = swept(spec.sweep) if spec.sweep is not None else ("n", [])
    machine = _machine(spec)
    return Cost(
        made,
        variants(mechanism, shape, dtype, compared),
        sweep(mechanism, shape, dtype, field, lengths) if lengths else None,
        timing(made, machine) if machine is not None else None,
        lambda sizes: costs_of(spec.but(**sizes), arrays, sources, progress),
        _backward(mechanism, shape, dtype) if spec.backward else None,
        shape.idle,
    )


def _backward(mechanism: mechanisms.Mechanism, shape: Shape, dtype: str) -> BackwardReport:
    from attn_cli.costs.backward import backward_report

    return backward_report(mechanism, shape, dtype)


def _mechanism(spec: Spec) -> mechanisms.Mechanism:
    return mechanisms.named(mechanisms.DEFAULT if spec.mode is None else spec.mode)


def _dtype(name: str, option: str) -> str:
    if name not in ITEM_SIZES:
        raise AttnError(f"{option}: no type {name!r}. {did_you_mean(name, list(ITEM_SIZES))}")
    return name


def _machine(spec: Spec) -> Machine | None:
    if spec.hardware is not None:
        if spec.peak is not None or spec.bandwidth is not None:
            raise AttnError("‹hardware› names a machine, ‹peak› and ‹bandwidth› describe your own.")
        name = spec.hardware.lower()
        if name not in MACHINES:
            raise AttnError(f"‹hardware›: no machine {name!r}. {did_you_mean(name, [*MACHINES])}")
        return MACHINES[name]
    if spec.peak is None and spec.bandwidth is None:
        return None
    if spec.peak is None or spec.bandwidth is None:
        raise AttnError("‹peak› and ‹bandwidth› describe a machine together: give both.")
    peaks = dict.fromkeys(ITEM_SIZES, spec.peak)
    return Machine("your machine", peaks, spec.bandwidth, "as given")


QUESTIONS = ("n", "m", "batch", "causal", "dtype", "kv_dtype")
"""Choices that ask something of a model; others its file decides."""

MACHINE = ("config", "hardware", "peak", "bandwidth")


def model_of(spec: Spec, arrays: Arrays) -> ModelCost:
    """Read a config file and report on its model.

    Raises AttnError for a file that is no configuration, and for choices it decides itself.
    """
    assert spec.config is not None
    refuse_arrays(arrays)
    others = [name for name in spec.said() if name not in (*QUESTIONS, *MACHINE)]
    if others:
        raise AttnError(f"‹config› says what the model is; leave {choice(others[0])} out.")
    questions = Questions(
        n=_of_config(spec.n, "‹n›", "new tokens") or 1,
        m=_of_config(spec.m, "‹m›", "the context length"),
        batch=_of_config(spec.batch, "‹batch›", "the number of sequences") or 1,
        causal=spec.causal,
        dtype=None if spec.dtype is None else _dtype(spec.dtype, "‹dtype›"),
        kv_dtype=None if spec.kv_dtype is None else _dtype(spec.kv_dtype, "‹kv_dtype›"),
    )
    made = model_report(_mechanism(spec), _config(spec.config), questions)
    machine = _machine(spec)
    return ModelCost(made, model_timing(made, machine) if machine is not None else None)


def _config(given: str) -> dict[str, Any]:
    """The names and values of a configuration file, or of its text."""
    name = brief(given)
    raw = given.encode() if given.lstrip().startswith("{") else _bytes(Path(given), name)
    try:
        config = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise AttnError(f"‹config›: {name} is not JSON: {str(error)[:80]}") from None
    if not isinstance(config, dict):
        raise AttnError(f"‹config›: {name} holds no object of names and values.")
    return config


def _bytes(path: Path, name: str) -> bytes:
    if os.path.isdir(path):
        raise AttnError(f"‹config›: {name!r} is a folder.")
    if not os.path.exists(path):
        raise AttnError(f"‹config›: there is no file {name!r}.")
    with path.open("rb") as file:
        return file.read(LONGEST_CONFIG)


def _of_config(given: Any, option: str, what: str) -> int | None:
    found = size(given, option)
    if isinstance(found, str):
        raise AttnError(f"‹config›: {option}, {what}, has to be a number.")
    return found
