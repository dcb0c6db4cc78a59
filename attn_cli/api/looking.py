"""What of a result is looked at: which steps, which head, how many decimals, in what company."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from attn_cli.errors import AttnError, brief
from attn_cli.spelling import choice
from attn_cli.views.numbers import DECIMALS, FEW

Advance = Callable[[int, int], None]
"""Told how much of some work is done, of how much in all."""

Progress = Callable[[str], AbstractContextManager[Advance]]
"""Shows how far some work is; `silent` shows nothing."""


def silent(_: str) -> AbstractContextManager[Advance]:
    """Let work go on without a word."""
    return nullcontext(lambda done, total: None)


class Look(NamedTuple):
    """What of a run is looked at.

    only: one step alone; start: steps from this one on; show_work: the cell that is worked out.
    head, batch_index: those that are shown. precision: decimals, None for the usual ones.
    everything: nothing of large arrays is left out. steps: every table of every step. percent:
    weights in per cent. libraries: what libraries make of masks. whole: every number of every
    step is kept; focus: whether it is told where queries look.
    """

    only: str | None = None
    start: str | None = None
    show_work: str | None = None
    head: int | None = None
    batch_index: int | None = None
    precision: int | None = None
    everything: bool = False
    steps: bool = False
    percent: bool = False
    libraries: bool = False
    whole: bool = False
    focus: bool = True

    @property
    def decimals(self) -> int:
        """Decimals of the one number that is worked out."""
        return DECIMALS if self.precision is None else self.precision

    @property
    def few_decimals(self) -> int:
        """Decimals of the numbers that are worked out below tables."""
        return FEW if self.precision is None else self.precision


MOST_DECIMALS = 17

HEADS = ("head", "batch_index", "precision", "everything")
SEEN: Mapping[str, tuple[str, ...]] = {
    "compute": (*HEADS, "only", "start", "show_work", "steps", "percent"),
    "compare": HEADS,
    "gradient": (*HEADS, "only", "start", "show_work", "steps"),
    "mask": (*HEADS, "libraries"),
}
"""What can be said of how the result of a call is shown."""


def look_taken(given: dict[str, Any], command: str) -> Look:
    """What is said of how a result is shown, taken out of what is given.

    Raises AttnError for what cancels each other.
    """
    look = Look(**{name: given.pop(name) for name in SEEN[command] if name in given})
    refuse_conflicts(look)
    return checked(look)


def checked(look: Look) -> Look:
    """The same, where each part is what it has to be.

    Raises AttnError for a part of another type, and for fewer than no decimals.
    """
    for name in ("only", "start", "show_work"):
        if not isinstance(getattr(look, name), str | None):
            raise AttnError(f"{choice(name)}: {brief(repr(getattr(look, name)))} is not text.")
    for name in ("head", "batch_index", "precision"):
        value = getattr(look, name)
        if value is not None and (isinstance(value, bool) or not hasattr(value, "__index__")):
            raise AttnError(f"{choice(name)}: {brief(repr(value))} is not a whole number.")
    if look.precision is not None and not 0 <= look.precision <= MOST_DECIMALS:
        raise AttnError(f"‹precision›: {look.precision} is not between 0 and {MOST_DECIMALS}.")
    return look


def is_asked(value: Any) -> bool:
    """Whether an option was given: 0 is a head, a batch row, a number of decimals."""
    return value is not None and value is not False


def refuse_conflicts(look: Look) -> None:
    """Raise AttnError for choices that cancel each other."""
    if look.only is not None and look.start is not None:
        raise AttnError("‹only› and ‹start› both decide which steps are shown: give one.")
    if look.show_work is None:
        return
    if look.only is not None:
        raise AttnError("‹only› and ‹show_work› both decide what is shown: give one.")
    for name in ("start", "everything", "steps", "percent"):
        if is_asked(getattr(look, name)):
            raise AttnError(f"{choice(name)} has no effect on the one number of ‹show_work›.")
