"""Why numbers differ from those that were meant: where they do, and which fault explains it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from attn_cli.api.expected import read_expected, rounded_to
from attn_cli.api.facts import facts
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.observed import compared, observed
from attn_cli.api.requests import Request, request_of
from attn_cli.api.shown import Documented, Frame
from attn_cli.api.traces import formula_of
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, listed
from attn_cli.faults import FAULTS, Fault, Setting
from attn_cli.faults.evaluation import (
    ROUNDING,
    Numbers,
    apart,
    beyond,
    bounds,
    coarsest,
    computed,
    farthest,
)
from attn_cli.faults.search import Found, Search, search
from attn_cli.language import said, told
from attn_cli.results.diagnosis import Cause, DiagnosisReport, Hypothesis
from attn_cli.spec import Spec, refuse_other
from attn_cli.spelling import spelled
from attn_cli.views.diagnosis_page import diagnosis_document, diagnosis_page
from attn_cli.views.page import Block

Array = np.ndarray[Any, Any]

SEEDS = 32
"""Random inputs that are tried to tell faults apart."""


class Diagnosis(Documented):
    """A diagnosis: whether numbers are those that were meant, where not, and why."""

    def __init__(self, report: DiagnosisReport, meant: Setting, found: tuple[Found, ...]) -> None:
        self.report, self._meant, self._found = report, meant, found
        self.title, self.notices = report.title, report.notices

    @property
    def match(self) -> bool:
        """Whether everything is equal within what rounding allows."""
        return self.report.match

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """What explains the difference, best first; several that fit are equally good."""
        return self.report.hypotheses

    def separate(self) -> dict[str, Array]:
        """Random inputs of the same shapes on which the hypotheses differ, by name.

        Raises AttnError where there are not several, and where none was found.
        """
        if len(self._found) < 2:
            raise AttnError("‹separate›: there are not several faults to be told apart.")
        found = _telling(self._meant, self._found)
        if found is None:
            raise AttnError(
                f"‹separate›: {listed([_ids(one) for one in self._found])} give the same numbers "
                f"on {SEEDS} random inputs of these shapes: they are one and the same here."
            )
        return found

    def save_separate(self, file: str | Path, *, force: bool = False) -> None:
        """Write those inputs as .npz, an input of compute and of diagnose."""
        from attn_cli.arrays.saved import write_npz
        from attn_cli.arrays.writing import check_path, write_whole

        path = Path(file)
        check_path(path, "‹separate›", (".npz",), force)
        arrays = self.separate()
        write_whole(path, lambda stream: write_npz(stream, arrays, "{}"), force=force)

    def page(self, frame: Frame) -> list[Block]:
        """The verdict, where the numbers differ, and what explains it."""
        return diagnosis_page(self.report, frame.command)

    def document(self) -> dict[str, Any]:
        """The document attn.diagnosis/1."""
        return diagnosis_document(self.report)


def diagnose(
    q: Any = None,
    k: Any = None,
    v: Any = None,
    *,
    expected: Any = None,
    expected_step: str | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    spec: Spec | None = None,
    **given: Any,
) -> Diagnosis:
    """Compare numbers with those that were meant, and name the fault that explains them.

    q, k, v and given: arrays and choices as for compute: what was meant. expected: what there is:
    an array, {"weights": …, "output": …}, a file, or "weights=w.npy". expected_step: which step a
    bare array is (the output). rtol, atol: what is allowed, relative to the largest number and as
    such; without them what rounding in the coarsest float type given allows. dtype: the type that
    was computed in.

    Raises AttnError (a ValueError) that names the parameter and what to try.
    """
    arrays, chosen = arranged({"q": q, "k": k, "v": v, **given}, spec)
    return diagnosed(arrays, chosen, expected, expected_step, rtol, atol)


def diagnosed(
    arrays: Arrays,
    spec: Spec,
    expected: Any,
    expected_step: str | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    sources: Sources | None = None,
) -> Diagnosis:
    """The same from arrays and choices; sources: where text is read."""
    refuse_other(spec, "diagnose")
    if expected is None:
        raise AttnError("‹expected› is missing: the numbers that you have, as a file or an array.")
    for name, number in (("rtol", rtol), ("atol", atol)):
        if number is not None and not number >= 0:
            raise AttnError(f"‹{name}›: {number:g} is not 0 or above.")
    sources = sources or Sources(None)
    request = request_of(spec.but(dtype=None), arrays, sources)
    theirs = read_expected(expected, expected_step, request, sources)
    needed = {step.name for step in request.program.needed_for(theirs)}
    random = [name for name in (*request.random, *request.embedded) if name in needed]
    if random:
        raise AttnError(
            f"{listed(random)} would be random: give the arrays that your numbers come from."
        )
    kinds = [one.dtype.name for one in (*theirs.values(), *request.arrays.values())]
    kind = coarsest(name for name in (*kinds, spec.dtype or "float64") if name in ROUNDING)
    out_in = spec.weights_layout == "out-in" or any("(out, in)" in how for how in request.laid_out)
    meant = Setting(request.mechanism, request.choices, request.arrays, kind, out_in=out_in)
    wide = {name: one.astype(np.float64) for name, one in theirs.items()}
    reference = computed(meant, [*wide])
    decimals = {} if rtol is not None or atol is not None else rounded_to(theirs)
    allowed = _allowed(meant, reference, rtol, atol, decimals)
    same = beyond(farthest(reference, wide), allowed) <= 1
    told = not same and _tells_faults(request, reference, wide, allowed)
    found = search(meant, reference, wide, FAULTS if told else (), allowed) if not same else None
    return Diagnosis(
        _report(request, meant, reference, wide, allowed, found, decimals)._replace(
            within=_within(decimals, given=rtol is not None or atol is not None)
        ),
        meant,
        found.fitting if found is not None else (),
    )


def _tells_faults(
    request: Request, reference: Numbers, theirs: Numbers, allowed: Mapping[str, float]
) -> bool:
    """Whether numbers can tell faults apart.

    Where inputs hold NaN or infinity, any number that meets them is lost, whatever the fault: only
    a finite one that differs tells.
    """
    if all(np.isfinite(one).all() for one in request.arrays.values() if one.dtype.kind == "f"):
        return True
    return any(
        bool((np.isfinite(one) & (apart(reference[name], one) > allowed[name])).any())
        for name, one in theirs.items()
    )


GIVEN, ROUNDED = "the tolerance that was given", "half of the last decimal"
"""What may be allowed beside the rounding of a float type."""


def _within(decimals: Mapping[str, int], *, given: bool) -> str:
    return GIVEN if given else ROUNDED if decimals else ""


def _allowed(
    meant: Setting,
    reference: Numbers,
    rtol: float | None,
    atol: float | None,
    decimals: Mapping[str, int],
) -> dict[str, float]:
    """What each step may be off by: as asked for, else what rounding allows.

    decimals: those that numbers were rounded to before they came here.
    """
    if rtol is None and atol is None:
        found = bounds(meant, reference, meant.kind)
        for name, count in decimals.items():
            found[name] += 0.5 * 10.0**-count
        return found
    largest = {
        name: float(np.abs(one[np.isfinite(one)]).max(initial=0.0))
        for name, one in reference.items()
    }
    return {name: (atol or 0.0) + (rtol or 0.0) * largest[name] for name in reference}


def _report(
    request: Request,
    meant: Setting,
    reference: Numbers,
    theirs: Numbers,
    allowed: Mapping[str, float],
    found: Search | None,
    decimals: Mapping[str, int],
) -> DiagnosisReport:
    steps = tuple(
        compared(name, theirs[name], reference[name], allowed[name], request) for name in theirs
    )
    first = next((one.name for one in steps if one.differs), steps[-1].name)
    title = request.mechanism.title
    return DiagnosisReport(
        mode=request.mechanism.name,
        title=said("Diagnosis of {what}", what=told(title[:1].lower() + title[1:])),
        formula=formula_of(request),
        source=request.mechanism.source,
        seed=None,
        facts=facts(request),
        notices=(
            *_unused(request),
            *map(said, request.hints),
            *_rounded(decimals),
            *_lost(request),
            *_beyond_float16(meant, reference),
        ),
        kind=meant.kind,
        compared=steps,
        observed=observed(theirs, request) if found is not None else (),
        hypotheses=_told(found.fitting if found else (), first, meant),
        closest=_told(found.closest if found else (), first, meant),
        unseen=tuple(fault.id for fault in found.unseen) if found else (),
        tried=found.tried if found else 0,
        earlier=_earlier(request, theirs),
    )


def _earlier(request: Request, theirs: Numbers) -> str:
    """The weights, or the scores, where they come before all that was given."""
    order = [step.name for step in request.program]
    first = min(map(order.index, theirs))
    names = [name for name in ("scores", "weights") if name in order[:first]]
    return names[-1] if names else ""


def _rounded(decimals: Mapping[str, int]) -> Iterable[str]:
    for name, count in decimals.items():
        yield said(
            "{name} has {count} decimals: half of the last is allowed for. ‹atol 0› allows none.",
            name=name,
            count=count,
        )


def _lost(request: Request) -> Iterable[str]:
    """Inputs that hold NaN or infinity, which any number that meets them becomes."""
    for name, array in request.arrays.items():
        if array.dtype.kind != "f" or name == "bias":
            continue
        lost = np.argwhere(~np.isfinite(array))
        if len(lost):
            what = "NaN" if np.isnan(array[tuple(lost[0])]) else said("infinity")
            cell = ",".join(map(str, lost[0].tolist()))
            yield said(
                "{name} holds {what}, first at {name}[{cell}].", name=name, what=what, cell=cell
            )


def _unused(request: Request) -> Iterable[str]:
    """Arrays of a file that bear on attention and were not used: no silence about them."""
    names = [name for name in request.unused if name.rpartition(".")[2] in BEAR]
    if names:
        yield said("‹input›: not used: {names}.", names=listed(names))


BEAR = ("bias_k", "bias_v", "q_norm", "k_norm", "sinks", "slopes", "attn_mask", "attention_mask")
"""Arrays of libraries that change attention and are not read here."""


def _beyond_float16(meant: Setting, reference: Numbers) -> Iterable[str]:
    """Says that a run in float16 itself would lose numbers, where it is the type of the arrays."""
    if meant.kind != "float16":
        return
    narrow = computed(meant.but(in_kind=True), [*reference])
    lost = [name for name, one in narrow.items() if not np.isfinite(one).all()]
    if any(np.isfinite(reference[name]).all() for name in lost):
        yield said(
            "In float16 some steps are beyond 65,504, its largest number: what is meant is "
            "computed in float64."
        )


def cause_of(fault: Fault, meant: Setting, done: Setting) -> Cause:
    """A fault in words, where it is done to a run; its choices spelled as its reader does."""
    does, right, option = fault.told(meant, done)
    return Cause(fault.id, does, spelled(right), fault.cause, spelled(option), fault.source)


def _told(found: Iterable[Found], step: str, meant: Setting) -> tuple[Hypothesis, ...]:
    return tuple(
        Hypothesis(
            tuple(cause_of(fault, meant, one.setting) for fault in one.faults),
            ", ".join(one.setting.details),
            step,
            one.error,
        )
        for one in found
    )


def _ids(found: Found) -> str:
    return " + ".join(fault.id for fault in found.faults)


def _telling(meant: Setting, found: tuple[Found, ...]) -> dict[str, Array] | None:
    """Inputs on which every two of the faults give other numbers."""
    name = meant.program.output.name
    for seed in range(SEEDS):
        stream = np.random.default_rng(seed)
        arrays: dict[str, Array] = {
            one: np.asarray(stream.standard_normal(array.shape))
            if array.dtype.kind == "f"
            else array
            for one, array in meant.arrays.items()
        }
        other = meant.given(**arrays)
        numbers = []
        for one in found:
            settings = [other]
            for fault in one.faults:
                settings = [
                    made
                    for setting in settings
                    for made in fault.edit(setting)
                    if made.details == one.setting.details[: len(made.details)]
                ]
            numbers += [computed(setting, [name]) for setting in settings[:1]]
        allowed = bounds(other, computed(other, [name]), meant.kind)
        if all(beyond(farthest(a, b), allowed) > 1 for a, b in combinations(numbers, 2)):
            return arrays
    return None
