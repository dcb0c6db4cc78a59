"""From compare's options to runs side by side, and to where they go."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from attn_cli import mechanisms
from attn_cli.cli import streams
from attn_cli.cli.asked import asked
from attn_cli.cli.facts import facts
from attn_cli.cli.gather import Request, gathered
from attn_cli.cli.given import parameter_names
from attn_cli.cli.notices import notices
from attn_cli.cli.options import (
    ArrayOptions,
    AttentionOptions,
    MaskOptions,
    PositionOptions,
    SizeOptions,
)
from attn_cli.cli.output import export_page, show_page
from attn_cli.compare_report import WaysReport
from attn_cli.errors import AttnError, brief, did_you_mean
from attn_cli.language import said
from attn_cli.matrices.limits import refuse_above_memory
from attn_cli.matrices.sources import Sources
from attn_cli.mechanisms.mechanism import ATTENTION
from attn_cli.mechanisms.normalizers import normalizer
from attn_cli.readings.cost import bytes_of_all
from attn_cli.readings.traced import Numbers
from attn_cli.readings.values import evaluate
from attn_cli.reports.ways import Run, way
from attn_cli.spelling import choice
from attn_cli.views.page import Block, Display, Signs
from attn_cli.views.visible import escaped_json
from attn_cli.views.ways_page import ways_document, ways_page

if TYPE_CHECKING:
    from attn_cli.cli.compare import ViewOptions, WayOptions

MOST_WAYS = 24
KEPT = ("weights", "output", "masked", "mask", "bias")
"""Steps that a comparison needs; the others of a way are given up before the next."""
LAYOUTS = ("mha", "gqa", "mqa")

BETWEEN = re.compile(r",(?![^()]*\))")
"""Commas that are not inside brackets."""


class Choice(NamedTuple):
    """One way: its name is what sets it apart."""

    name: str
    attention: AttentionOptions
    masks: MaskOptions


def compared(
    ways: WayOptions,
    arrays: ArrayOptions,
    sizes: SizeOptions,
    attention: AttentionOptions,
    positions: PositionOptions,
    masks: MaskOptions,
    view: ViewOptions,
) -> WaysReport:
    """Run every way on the same inputs.

    Raises AttnError for ways that can't be compared: other shapes, too many.
    """
    sources = Sources(sys.stdin.buffer)
    runs: list[Run] = []
    requests = []
    noted: dict[str, None] = {}
    for one in _choices(ways, attention, masks):
        asked = (one.attention, positions, one.masks)
        request = gathered(arrays, sizes, *asked, sources=sources)
        _refuse_missing(request, view)
        values = evaluate(request.program, _affordable(request))
        requests.append(request)
        kept = {name: values[name] for name in KEPT if name in values}
        runs.append(_run(one.name, request, kept))
        told = notices(request._replace(unused=()), Numbers(request.program, values))
        noted |= dict.fromkeys(f"{one.name}: {notice}" for notice in told)
    _refuse_unused(arrays, requests)
    noted |= dict.fromkeys(_other_inputs(requests))
    place = {"h": view.head, "b": view.batch_index}
    try:
        found = tuple(way(run, runs[0] if at else None, place) for at, run in enumerate(runs))
    except ValueError as error:
        hint = "Give ‹heads› and ‹d›, so that all have one width."
        raise AttnError(f"The ways can't be compared: {error}.\n{hint}") from None
    return WaysReport(
        facts=(*facts(requests[0])[:2], *_shown(requests[0], view)),
        notices=tuple(noted),
        labels=requests[0].labels,
        ways=found,
    )


ROWS = ("x", "context", "q", "k", "v")


def _other_inputs(requests: list[Request]) -> Iterator[str]:
    """Tell ways that have other rows than the first: what they give can't be held against it."""
    first = [name for name in ROWS if name in requests[0].arrays]
    for request in requests[1:]:
        own = [name for name in ROWS if name in request.arrays]
        if not {*own} & {*first}:
            text = "{one} starts from {own}, {other} from {first}: give ‹x› or ‹text› to both."
            yield said(
                text,
                one=request.mechanism.name,
                own=", ".join(own),
                other=requests[0].mechanism.name,
                first=", ".join(first),
            )


def _refuse_unused(arrays: ArrayOptions, requests: list[Request]) -> None:
    """Raise AttnError for an array that was given by an option and no way takes."""
    named = parameter_names(arrays)
    for name in requests[0].unused:
        given = name in named or getattr(arrays, name, None) is not None
        if given and all(name in request.unused for request in requests):
            option = f"‹param {name}›" if name in named else choice(name)
            raise AttnError(f"{option}: none of these ways takes {name}.")


def _choices(ways: WayOptions, attention: AttentionOptions, masks: MaskOptions) -> Iterator[Choice]:
    """Every combination of what is varied."""
    varied = {
        "mode": _list(ways.modes, "‹modes›"),
        "normalizer": _list(ways.normalizers, "‹normalizers›"),
        "mask": _list(ways.masks, "‹masks›"),
        "layout": _list(ways.layouts, "‹layouts›"),
    }
    for name, option in (("mode", attention.mode), ("normalizer", attention.normalizer)):
        if varied[name] and option is not None:
            raise AttnError(f"‹{name}› and ‹{name}s› both say which: give one.")
    if attention.alpha is not None and "entmax" not in (
        *varied["normalizer"],
        attention.normalizer,
    ):
        raise AttnError("‹alpha› is the power of entmax, which is none of these ways.")
    if varied["layout"] and attention.kv_heads is not None and "gqa" not in varied["layout"]:
        raise AttnError("‹kv_heads› is for the layout gqa, which is none of these ways.")
    if not any(varied.values()):
        if attention.mode is not None:
            raise AttnError("‹mode› is one way alone: list several, as ‹modes scaled,cosine›.")
        alike = (one for one in mechanisms.MECHANISMS if one.takes >= ATTENTION)
        varied["mode"] = [one.name for one in alike if one.heads is None]
    names = [[(kind, one) for one in listed] for kind, listed in varied.items() if listed]
    if np.prod([len(listed) for listed in names]) > MOST_WAYS:
        raise AttnError(f"More than {MOST_WAYS} ways can't be read side by side: give fewer.")
    for combination in product(*names):
        yield _choice(dict(combination), attention, masks)


def _choice(picked: dict[str, str], attention: AttentionOptions, masks: MaskOptions) -> Choice:
    name = " · ".join(brief(one, 30) for one in picked.values())
    if "mode" in picked:
        attention = attention._replace(mode=mechanisms.named(picked["mode"]).name)
    if "normalizer" in picked:
        name_of = normalizer(picked["normalizer"]).name
        alpha = attention.alpha if name_of == "entmax" else None
        attention = attention._replace(normalizer=name_of, alpha=alpha)
    if "layout" in picked:
        attention = attention._replace(kv_heads=_kv_heads(picked["layout"], attention))
    if "mask" in picked:
        if masks.mask is not None:
            raise AttnError("‹mask› and ‹masks› both say which: give one.")
        one = picked["mask"]
        if one == "none" and asked(masks).any:
            raise AttnError("‹masks›: none contradicts the masks that options give to every way.")
        masks = masks if one == "none" else masks._replace(mask=one)
    return Choice(name, attention, masks)


def _list(text: str | None, option: str) -> list[str]:
    if text is None:
        return []
    listed = [part.strip() for part in BETWEEN.split(text)]
    if not all(listed):
        raise AttnError(f"{option}: a name is missing beside a comma.")
    twice = next((one for one in listed if listed.count(one) > 1), None)
    if twice is not None:
        raise AttnError(f"{option}: {twice} stands there twice.")
    return listed


def _kv_heads(layout: str, attention: AttentionOptions) -> int:
    if layout not in LAYOUTS:
        raise AttnError(f"‹layouts›: no layout {layout!r}. {did_you_mean(layout, [*LAYOUTS])}")
    heads = attention.heads
    if heads is None:
        raise AttnError("‹layouts› needs ‹heads›, the number of query heads.")
    if layout == "gqa":
        if attention.kv_heads is None:
            raise AttnError("‹layouts gqa› needs ‹kv_heads›.")
        return attention.kv_heads
    return heads if layout == "mha" else 1


def _affordable(request: Request) -> dict[str, np.ndarray]:
    program = request.program
    itemsize = next(iter(request.arrays.values())).dtype.itemsize
    needed = bytes_of_all(program, itemsize)
    refuse_above_memory(needed, "Comparing at this size", "Ask for fewer rows.")
    return request.arrays


def _run(name: str, request: Request, values: dict[str, np.ndarray]) -> Run:
    choices, sizes = request.choices, request.program.sizes
    heads = str(sizes["h"]) if "h" in sizes else "1"
    return Run(
        name=name,
        mode=request.mechanism.name,
        normalizer=choices.normalizer.name,
        mask=choices.mask.name if choices.mask is not None else "none",
        heads=f"{heads} / {sizes['h_kv']}" if "h_kv" in sizes else heads,
        formula=request.mechanism.formula,
        looks=request.mechanism.looks,
        program=request.program,
        arrays=values,
    )


def _refuse_missing(request: Request, view: ViewOptions) -> None:
    sizes = request.program.sizes
    for option, axis, at in (("‹head›", "h", view.head), ("‹batch_index›", "b", view.batch_index)):
        count = sizes.get(axis, 1)
        if at >= count:
            raise AttnError(f"{option} {at}: there {'is' if count == 1 else 'are'} {count}.")


def _shown(request: Request, view: ViewOptions) -> list[str]:
    sizes = request.program.sizes
    lines = []
    if "h" in sizes:
        lines.append(f"shown: head {view.head} of {sizes['h']}; the numbers below are of all heads")
    if "b" in sizes and sizes["b"] > 1:
        lines.append(f"shown: batch row {view.batch_index} of {sizes['b']}")
    return lines


def show(report: WaysReport, view: ViewOptions) -> None:
    """Print the ways as a page or JSON; export them."""
    for notice in report.notices:
        streams.note(notice)

    def make(width: int, signs: Signs) -> list[Block]:
        shown = Display(width, view.precision, view.everything, signs=signs)
        return ways_page(report, shown)

    if view.export is not None:
        export_page(view.export, make, "Ways to attend", report.notices, force=view.force)
    if view.json:
        ascii_only = not streams.shows_unicode(sys.stdout)
        document = ways_document(report)
        text = json.dumps(document, ensure_ascii=ascii_only, allow_nan=False, indent=1)
        print(escaped_json(text))
    else:
        show_page(make, plain=view.plain)
