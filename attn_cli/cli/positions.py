"""What options say of positions: biases by name, rotations, waves."""

from __future__ import annotations

from math import isfinite

from attn_cli.errors import AttnError, did_you_mean
from attn_cli.masks.expressions import Catalogue, read_call
from attn_cli.matrices.arguments import names_array
from attn_cli.mechanisms.biases import BIASES, Bias
from attn_cli.mechanisms.mechanism import Rope

ARRAYS_TOO = "In attn compute an array may stand here too: a file, or numbers."

PAIRS = {"half-split": False, "interleaved": True}
"""Names of --rope, and whether pairs are neighbours."""

WAVES = ("sinusoidal",)


def bias_of(argument: str | None, option: str = "‹bias›") -> Bias | None:
    """Read `alibi` or `t5(32, 128)`; None where it stands for an array, or for nothing.

    Raises AttnError, with a caret, for a name that is none and numbers that it does not take.
    """
    if argument is None or names_array(argument):
        return None
    call = read_call(argument, option, Catalogue("bias", "biases", BIASES, ARRAYS_TOO))
    try:
        return call.kind.build(*call.numbers)
    except AttnError as error:
        raise AttnError(f"{option}: {error}") from None


def rope_of(way: str | None, base: float | None = None) -> Rope | None:
    """How queries and keys are turned, if they are.

    Raises AttnError for an unknown way, or a base without a rotation.
    """
    if way is None:
        if base is not None:
            raise AttnError("‹rope_base› changes the angles of ‹rope›: add it.")
        return None
    if way not in PAIRS:
        raise AttnError(f"‹rope›: there is no way {way!r}. {did_you_mean(way, [*PAIRS])}")
    base = Rope().base if base is None else base
    if not (isfinite(base) and base > 1):
        raise AttnError(f"‹rope_base›: {base:g} is not a finite number above 1.")
    return Rope(PAIRS[way], base)


def sinusoidal_of(name: str | None) -> bool:
    """Whether waves of the position are added to the rows."""
    if name is not None and name not in WAVES:
        raise AttnError(
            f"‹positions›: there are no positions {name!r}. {did_you_mean(name, list(WAVES))}"
        )
    return name is not None
