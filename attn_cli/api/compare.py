"""Several ways to attend on the same inputs, held against the first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from attn_cli import mechanisms
from attn_cli.api.evaluated import Evaluated, evaluated
from attn_cli.api.facts import facts
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.looking import Advance, Look, Progress, look_taken, silent
from attn_cli.api.mask_choices import mask_choices
from attn_cli.api.notices import notices
from attn_cli.api.requests import Request, request_of
from attn_cli.api.shown import Frame, Shown
from attn_cli.api.side_by_side import Run, entropies, way
from attn_cli.api.slices import refuse_missing_slices
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, brief
from attn_cli.language import said
from attn_cli.mechanisms.head_layouts import kv_heads_of
from attn_cli.mechanisms.mechanism import ATTENTION
from attn_cli.mechanisms.normalizers import normalizer
from attn_cli.results.comparison import Way, WaysReport
from attn_cli.spec import Spec, refuse_other
from attn_cli.spelling import choice
from attn_cli.views.page import Block, Display
from attn_cli.views.ways_page import ways_document, ways_page

MOST_WAYS = 24
BETWEEN = re.compile(r",(?![^()]*\))")
"""Commas that are not inside brackets."""


class Asked(NamedTuple):
    """One way to attend: its name is what sets it apart."""

    name: str
    spec: Spec


class Comparison(Shown):
    """Ways side by side: their weights, entropy, change of the output and cost."""

    title = "Ways to attend"

    def __init__(self, report: WaysReport, look: Look) -> None:
        self.report, self.ways, self.notices = report, report.ways, report.notices
        self._look = look

    def page(self, frame: Frame) -> list[Block]:
        """Heat maps of the weights beside each other, then a table of the ways."""
        decimals = DECIMALS if self._look.precision is None else self._look.precision
        shown = Display(frame.width, decimals, self._look.everything, signs=frame.signs)
        return ways_page(self.report, shown)

    def to_dict(self) -> dict[str, Any]:
        """The document of a comparison, as --json prints it."""
        return ways_document(self.report)


DECIMALS = 2


def compare(modes: Any = None, *, spec: Spec | None = None, **given: Any) -> Comparison:
    """Run several ways to attend on the same inputs, the first being what others are held against.

    modes, normalizers, masks, layouts: names in a list, or in one text with commas; several lists
    give every combination. given: arrays, and choices for every way, as for compute. What its page
    shows: head=1, batch_index=1, precision=3, everything=True.

    Raises AttnError (a ValueError) that names the parameter and what to try.
    """
    look = look_taken(given, "compare")
    arrays, chosen = arranged({"modes": modes, **given}, spec)
    return compared(arrays, chosen, look)


def compared(
    arrays: Arrays,
    spec: Spec,
    look: Look,
    sources: Sources | None = None,
    progress: Progress = silent,
) -> Comparison:
    """The same from arrays and choices; look: what is looked at; sources: where text is read.

    progress is told how far each way is.
    """
    refuse_other(spec, "compare")
    return Comparison(_report(spec, arrays, sources or Sources(None), look, progress), look)


def _report(
    spec: Spec, arrays: Arrays, sources: Sources, look: Look, progress: Progress
) -> WaysReport:
    """Run every way.

    Raises AttnError for ways that can't be compared: other shapes, too many.
    """
    place = {"h": look.head or 0, "b": look.batch_index or 0}
    slices = {"head": look.head or None, "batch_index": look.batch_index or None}
    first = None
    found: list[Way] = []
    requests: list[Request] = []
    noted: dict[str, None] = {}
    for one in _ways(spec):
        request = request_of(one.spec, arrays, sources, shared=True)
        refuse_missing_slices(slices, request.program.sizes)
        told_of = partial(_progress_of, one.name, progress)
        ran = evaluated(request, look, told_of)
        try:
            found.append(way(_run(one.name, ran, told_of), first, place))
        except ValueError as error:
            hint = "Give ‹heads› and ‹d›, so that all have one width."
            raise AttnError(f"The ways can't be compared: {error}.\n{hint}") from None
        first = ran.numbers.arrays["output"] if first is None else first
        requests.append(request)
        told = notices(request._replace(unused=()), ran.numbers)
        noted |= dict.fromkeys(f"{one.name}: {notice}" for notice in told)
    _refuse_unused(arrays, requests)
    others = [*_other_inputs(requests)]
    noted |= dict.fromkeys(others)
    return WaysReport(
        facts=(*_shared(requests), *_shown(requests[0], place)),
        notices=tuple(noted),
        labels=requests[0].labels,
        ways=tuple(found),
        alike=not others,
    )


def _progress_of(name: str, progress: Progress, what: str) -> AbstractContextManager[Advance]:
    """Progress that is told with the name of a way."""
    return progress(f"{name}: {what}")


def _shared(requests: list[Request]) -> list[str]:
    """Sizes and sources of the first way, and the conventions that all ways have in common."""
    first, *others = [facts(request) for request in requests]
    common = [line for line in first[2:] if all(line in other for other in others)]
    return [*first[:2], *common]


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


def _refuse_unused(arrays: Arrays, requests: list[Request]) -> None:
    """Raise AttnError for an array that was given by name and no way takes."""
    for name in requests[0].unused:
        given = name in arrays.param or getattr(arrays, name, None) is not None
        if given and all(name in request.unused for request in requests):
            called = choice("param", name) if name in arrays.param else choice(name)
            raise AttnError(f"{called}: none of these ways takes {name}.")


def _ways(spec: Spec) -> Iterator[Asked]:
    """Every combination of what is varied."""
    varied = {
        "mode": _list(spec.modes, "‹modes›"),
        "normalizer": _list(spec.normalizers, "‹normalizers›"),
        "mask": _list(spec.masks, "‹masks›"),
        "layout": _list(spec.layouts, "‹layouts›"),
    }
    common = spec.but(modes=None, normalizers=None, masks=None, layouts=None)
    for name, given in (("mode", spec.mode), ("normalizer", spec.normalizer)):
        if varied[name] and given is not None:
            raise AttnError(f"{choice(name)} and {choice(name + 's')} both say which: give one.")
    if spec.alpha is not None and "entmax" not in (*varied["normalizer"], spec.normalizer):
        raise AttnError("‹alpha› is the power of entmax, which is none of these ways.")
    if varied["layout"] and spec.kv_heads is not None and "gqa" not in varied["layout"]:
        raise AttnError("‹kv_heads› is for the layout gqa, which is none of these ways.")
    if not any(varied.values()):
        if spec.mode is not None:
            raise AttnError("‹mode› is one way alone: list several, as ‹modes scaled,cosine›.")
        alike = (one for one in mechanisms.MECHANISMS if one.takes >= ATTENTION)
        varied["mode"] = [one.name for one in alike if one.heads is None]
    names = [[(kind, one) for one in listed] for kind, listed in varied.items() if listed]
    if np.prod([len(listed) for listed in names]) > MOST_WAYS:
        raise AttnError(f"More than {MOST_WAYS} ways can't be read side by side: give fewer.")
    for combination in product(*names):
        yield _way(dict(combination), common)


def _way(picked: dict[str, str], spec: Spec) -> Asked:
    name = " · ".join(brief(one, 30) for one in picked.values())
    if "mode" in picked:
        spec = spec.but(mode=mechanisms.named(picked["mode"]).name)
    if "normalizer" in picked:
        name_of = normalizer(picked["normalizer"]).name
        spec = spec.but(normalizer=name_of, alpha=spec.alpha if name_of == "entmax" else None)
    if "layout" in picked:
        given = spec.kv_heads if picked["layout"] == "gqa" else None
        found = kv_heads_of(picked["layout"], spec.heads, given, "layouts")
        spec = spec.but(kv_heads=found)
    if "mask" in picked:
        if spec.mask is not None:
            raise AttnError("‹mask› and ‹masks› both say which: give one.")
        one = picked["mask"]
        if one == "none" and mask_choices(spec).any:
            raise AttnError("‹masks›: none contradicts the masks that are given to every way.")
        spec = spec if one == "none" else spec.but(mask=one)
    return Asked(name, spec)


def _list(text: Any, option: str) -> list[str]:
    if text is None:
        return []
    listed = [part.strip() for part in BETWEEN.split(text)]
    if not all(listed):
        raise AttnError(f"{option}: a name is missing beside a comma.")
    twice = next((one for one in listed if listed.count(one) > 1), None)
    if twice is not None:
        raise AttnError(f"{option}: {twice} stands there twice.")
    return listed


def _run(name: str, ran: Evaluated, progress: Progress) -> Run:
    request, looks = ran.request, ran.request.mechanism.looks
    choices, sizes = request.choices, request.program.sizes
    heads = str(sizes["h"]) if "h" in sizes else "1"
    return Run(
        name=name,
        mode=request.mechanism.name,
        normalizer=choices.normalizer.name,
        mask=choices.mask.name if choices.mask is not None else "none",
        heads=f"{heads} / {sizes['h_kv']}" if "h_kv" in sizes else heads,
        formula=request.mechanism.formula,
        looks=looks,
        numbers=ran.numbers,
        entropies=entropies(ran, looks, progress),
    )


def _shown(request: Request, place: Mapping[str, int]) -> list[str]:
    sizes = request.program.sizes
    lines = []
    if "h" in sizes:
        lines.append(
            f"shown: head {place['h']} of {sizes['h']}; the numbers below are of all heads"
        )
    if "b" in sizes and sizes["b"] > 1:
        lines.append(f"shown: batch row {place['b']} of {sizes['b']}")
    return lines
