"""How positions enter: biases by name, rotations, waves."""

from __future__ import annotations

from attn_cli.errors import AttnError, brief, did_you_mean
from attn_cli.masks.expressions import Catalogue, read_call
from attn_cli.mechanisms.biases import BIASES, Bias
from attn_cli.mechanisms.mechanism import Rope

ARRAYS_TOO = "In attn compute an array may stand here too: a file, or numbers."

PAIRS = {"half-split": False, "interleaved": True}
"""Names of --rope, and whether pairs are neighbours."""


def bias_of(argument: str | None, option: str = "‹bias›") -> Bias | None:
    """Read `alibi` or `t5(32, 128)`; None where there is none.

    Raises AttnError, with a caret, for a name that is none and numbers that it does not take.
    """
    if argument is None:
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
        raise AttnError(f"‹rope›: there is no way {brief(way)!r}. {did_you_mean(way, [*PAIRS])}")
    return Rope(PAIRS[way], Rope().base if base is None else base)
