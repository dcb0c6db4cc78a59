"""Training attention on a person's own words: the weights before, in between and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from attn_cli.api.evaluated import Evaluated, kept_keys
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.gradient import wanted_of
from attn_cli.api.looking import Look, Progress, silent
from attn_cli.api.pairs import Pair, read_pairs
from attn_cli.api.requests import Request, request_of
from attn_cli.api.run import SAVED, Run
from attn_cli.api.shown import Documented, Frame
from attn_cli.api.training_report import report_of, shown_steps
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, ImpossibleError, listed, shape_text
from attn_cli.language import said
from attn_cli.mechanisms import MECHANISMS
from attn_cli.readings.traced import Numbers
from attn_cli.readings.values import evaluate
from attn_cli.results.training import Noise, TrainingReport, Watched
from attn_cli.spec import Spec, refuse_other
from attn_cli.transforms.score_function import Drawn, spreads
from attn_cli.transforms.training import OPTIMIZERS, DivergedError, Loss, Trained
from attn_cli.transforms.training import train as trained
from attn_cli.views.page import Block, Display
from attn_cli.views.training_page import training_document, training_page

Array = np.ndarray[Any, Any]

STEPS, MOST_STEPS = 300, 100_000

DRAWN = (".html", ".tex", ".png", ".pdf")
"""Files in which curves are drawn without an extra for the terminal."""

ROWS = ("x", "context", "q", "k", "v", "past_k", "past_v")
"""Arrays of rows, which are not learned unless they are asked for."""


class Training(Documented):
    """A training: its course, the run with what was learned, and its page."""

    saved = SAVED

    def __init__(self, report: TrainingReport, run: Run) -> None:
        self.report, self.run = report, run
        self.title, self.notices = report.title, report.notices
        self.plot = False

    @property
    def losses(self) -> tuple[float, ...]:
        """The loss before each step, and at the end."""
        return self.report.courses[0].losses

    @property
    def pair_weights(self) -> Array:
        """The weight of each pair, the mean of all heads: (steps + 1, pairs)."""
        return np.array(self.report.courses[0].pairs)

    def page(self, frame: Frame) -> list[Block]:
        """What was learned, the weights on the way, and how much each matrix changed."""
        display = Display(width=frame.width, percent=True, signs=frame.signs)
        curves = self.plot or frame.figure
        return training_page(self.report, display, frame.command, curves=curves)

    def exported(self, suffix: str, **how: Any) -> bytes:
        """The page as a file of a suffix has it, with curves where it can draw them."""
        asked, self.plot = self.plot, self.plot or suffix in DRAWN
        try:
            return super().exported(suffix, **how)
        finally:
            self.plot = asked

    def document(self) -> dict[str, Any]:
        """The document attn.training/1."""
        return training_document(self.report)

    def save(self, file: str | Path, *, force: bool = False) -> None:
        """Write the trained run with `loss` and `pair_weight` as .npz, or the document as .json.

        An .npz is an input of compute. Raises AttnError for another suffix, and without force for a
        file that exists.
        """
        path = Path(file)
        if path.suffix.lower() != ".npz":
            super().save(path, force=force)
            return
        more = {"loss": np.array(self.losses), "pair_weight": self.pair_weights}
        self.run.save(path, force=force, more=more)


def train(
    q: Any = None,
    k: Any = None,
    v: Any = None,
    *,
    pair: Sequence[str] | str = (),
    align: str | None = None,
    target: Any = None,
    optimizer: str = "adam",
    steps: int = STEPS,
    lr: float | None = None,
    train_x: bool = False,
    against: str | None = None,
    baseline: bool = False,
    spec: Spec | None = None,
    **given: Any,
) -> Training:
    """Train the matrices of attention until some words look at others, or the output is a target.

    given: arrays and choices as for compute, text= or x= among them. pair: "cat,mat" for each
    pair, whose loss is the mean of −ln weight; align: the same by position, "0:0,1:2". target: an
    output, whose loss is the mean square of what it differs by. optimizer: sgd, momentum, adam;
    lr: its step size. train_x: the rows are learned too. against: a mode trained in the same way.
    With normalizer="sample" pairs are learned by draws alone (Williams 1992); baseline: the mean
    reward is taken off each.

    Raises AttnError (a ValueError); ImpossibleError where the loss is no number any more.
    """
    arrays, chosen = arranged({"q": q, "k": k, "v": v, **given}, spec)
    pairs = [pair] if isinstance(pair, str) else [*pair]
    asked = Asked(pairs, align, target, optimizer, steps, lr, train_x, against, baseline)
    return learned(arrays, chosen, asked)


class Asked(NamedTuple):
    """What is to be learned, and how."""

    pairs: Sequence[str] = ()
    align: str | None = None
    target: Any = None
    optimizer: str = "adam"
    steps: int = STEPS
    lr: float | None = None
    train_x: bool = False
    against: str | None = None
    baseline: bool = False


def learned(
    arrays: Arrays,
    spec: Spec,
    asked: Asked,
    sources: Sources | None = None,
    progress: Progress = silent,
) -> Training:
    """The same from arrays and choices; sources: where text is read."""
    refuse_other(spec, "train")
    _refuse(spec, asked)
    sources = sources or Sources(None)
    request = request_of(spec, arrays, sources)
    pairs = read_pairs(asked.pairs, asked.align, request)
    target = None if asked.target is None else _target(asked.target, request, sources)
    first = _course(request, pairs, target, asked, progress)
    courses = [(request, first)]
    if asked.against is not None:
        other = request_of(spec.but(mode=asked.against), arrays, sources)
        courses.append((other, _course(other, pairs, target, asked, progress)))
    told = report_of(courses, pairs, asked.optimizer, _rate(asked), target is not None)
    told = told._replace(noise=_noise(request, pairs, first))
    return Training(told, _run(request, first))


def _refuse(spec: Spec, asked: Asked) -> None:
    if asked.baseline and (spec.normalizer != "sample" or asked.target is not None):
        raise AttnError("‹baseline› is for pairs that are drawn: add ‹normalizer sample›.")
    if asked.optimizer not in OPTIMIZERS:
        raise AttnError(f"‹optimizer›: {asked.optimizer!r} is not one of {', '.join(OPTIMIZERS)}.")
    if not 1 <= asked.steps <= MOST_STEPS:
        raise AttnError(f"‹steps›: {asked.steps} is not between 1 and {MOST_STEPS:,}.")
    if asked.lr is not None and not asked.lr > 0:
        raise AttnError(f"‹lr›: {asked.lr:g} is not above 0.")
    if asked.target is None:
        _refuse_behind(spec)
    wanted = [bool(asked.pairs), asked.align is not None, asked.target is not None]
    if not any(wanted):
        raise AttnError(
            "Nothing is to be learned. Give ‹pair cat,mat›, ‹align 0:0,1:2› or ‹target›."
        )
    if wanted[2] and sum(wanted) > 1:
        raise AttnError("‹target› is a loss of its own: leave ‹pair› and ‹align› out.")
    if asked.against is not None and asked.against not in [one.name for one in MECHANISMS]:
        raise AttnError(f"‹against›: there is no mode {asked.against!r}.")


def _refuse_behind(spec: Spec) -> None:
    """Raise AttnError for what stands behind the weights, up to which pairs are learned."""
    behind = "‹residual›" if spec.residual else "‹norm post›" if spec.norm == "post" else ""
    if behind:
        raise AttnError(f"{behind} changes nothing that pairs learn. Learn a ‹target›.")


def _target(given: Any, request: Request, sources: Sources) -> Array:
    output = request.program.output
    shape = request.program.shape(output)
    target = np.asarray(sources.one(given, "‹target›"), dtype=np.float64)
    if target.shape != shape:
        raise AttnError(
            f"‹target›: {shape_text(target.shape)}, but the output is {shape_text(shape)}."
        )
    return target


def _course(
    request: Request, pairs: Sequence[Pair], target: Array | None, asked: Asked, progress: Progress
) -> Trained:
    """One training of a request."""
    program = request.program
    weights = program.last("weights")
    drawn = target is None and _is_drawn(request)
    if target is None:
        assert weights is not None
        weights = weights.operands[0] if drawn else weights
        program = program.up_to(weights.name)
    names = [
        name
        for name in wanted_of(request)
        if name in program and (name not in ROWS or (asked.train_x and name in ("x", "context")))
    ]
    if not names:
        raise AttnError(
            "There is no matrix to learn: give ‹text› or ‹x›, whose rows matrices turn "
            "into q and k."
        )
    optimizer = OPTIMIZERS[asked.optimizer]
    rate = _rate(asked)
    given = {step.name: request.arrays[step.name] for step in program.inputs}

    def squares(made: Array) -> tuple[float, Array]:
        assert target is not None
        apart = made - target
        return float((apart**2).mean()), 2 * apart / apart.size

    def surprise(made: Array) -> tuple[float, Array]:
        found = np.stack([made[..., i, j] for i, j in pairs])
        change = np.zeros_like(made)
        with np.errstate(divide="ignore"):
            for (i, j), weight in zip(pairs, found, strict=True):
                change[..., i, j] += -1 / (weight * found.size)
            # rounding may leave a weight a little above 1
            return float(np.maximum(-np.log(found), 0).mean()), change

    loss: Loss = surprise if target is None else squares
    if drawn:
        loss = _drawn_loss(request, pairs, asked)

    shown = shown_steps(asked.steps)

    def watch(step: int, values: Mapping[str, Array]) -> Watched:
        if weights is None:
            return Watched(())
        made = values[weights.name]
        mean = tuple(float(made[..., i, j].mean()) for i, j in pairs)
        return Watched(mean, made.copy() if step in shown else None)

    try:
        with progress(said("training steps")) as advance:
            made = trained(
                program,
                given,
                names,
                loss,
                optimizer,
                rate,
                asked.steps,
                watch,
                advance,
            )
    except DivergedError as error:
        raise ImpossibleError(_diverged(error, rate, by_pairs=target is None)) from None
    if not any(norm is not None for norm in made.norms.values()):
        raise AttnError(
            f"Nothing can be learned: no gradient reaches {listed(names)} through weights that are "
            "chosen or drawn. Take ‹normalizer softmax›."
        )
    return made


def _is_drawn(request: Request) -> bool:
    """Whether weights are drawn by shares, which can be learned from draws."""
    weights = request.program.last("weights")
    return weights is not None and weights.operation == "draw"


def _drawn_loss(request: Request, pairs: Sequence[Pair], asked: Asked) -> Drawn:
    return Drawn(pairs, np.random.default_rng([request.seed, 1]), baseline=asked.baseline)


def _noise(request: Request, pairs: Sequence[Pair], made: Trained) -> Noise | None:
    """How noisy the gradient of draws is before the first step, where it is one of draws."""
    if not pairs or not _is_drawn(request):
        return None
    weights = request.program.last("weights")
    assert weights is not None
    program = request.program.up_to(weights.operands[0].name)
    given = {step.name: request.arrays[step.name] for step in program.inputs}
    wanted = [name for name in made.norms if name in program]
    found = spreads(program, given, wanted, pairs)
    return None if found is None else Noise(*found)


def _rate(asked: Asked) -> float:
    return OPTIMIZERS[asked.optimizer].rate if asked.lr is None else asked.lr


def _diverged(error: DivergedError, rate: float, *, by_pairs: bool) -> str:
    step, number = error.step, error.loss
    steps = f"{step} step{'s' if step > 1 else ''}"
    if step and number == np.inf and by_pairs:
        return (
            f"After {steps} the weight of a pair is 0 and its loss, -ln 0, infinite: "
            f"‹lr {rate:g}› is too large. Try a tenth of it."
        )
    if step == 0:
        return (
            "The loss is infinite before the first step: a pair has the weight 0. "
            "‹normalizer softmax› gives every pair some."
        )
    return f"The loss is no number after {steps}: ‹lr {rate:g}› is too large. Try a tenth of it."


def _run(request: Request, made: Trained) -> Run:
    """The run with what was learned, which is not random any more."""
    learned = {
        name
        for name, array in made.arrays.items()
        if not np.array_equal(array, request.arrays[name])
    }
    request = request._replace(
        arrays={**request.arrays, **made.arrays},
        random=tuple(name for name in request.random if name not in learned),
        embedded=tuple(name for name in request.embedded if name not in learned),
        again=tuple(name for name in request.again if name not in learned),
    )
    arrays = evaluate(request.program, request.arrays)
    keys = kept_keys(request.program, arrays)
    numbers = Numbers(request.program, arrays, keys=keys)
    return Run(Evaluated(request, numbers, whole=True), Look(whole=True))
