"""What is given: arrays by their names on one side, choices on the other."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from attn_cli.arrays.arguments import names_array
from attn_cli.errors import AttnError, brief
from attn_cli.spec import Spec
from attn_cli.spelling import choice

ARRAYS = (
    *("q", "k", "v", "x", "context", "w_q", "w_k", "w_v", "w_o"),
    *("b_q", "b_k", "b_v", "b_o", "bias", "past_k", "past_v"),
)


class Arrays(NamedTuple):
    """Arrays as they are given: as such, or in words that say where they are to be found.

    mask: booleans. param: those of a mode's or a bias's own, by name. input: a file with several.
    """

    q: Any = None
    k: Any = None
    v: Any = None
    x: Any = None
    context: Any = None
    w_q: Any = None
    w_k: Any = None
    w_v: Any = None
    w_o: Any = None
    b_q: Any = None
    b_k: Any = None
    b_v: Any = None
    b_o: Any = None
    bias: Any = None
    past_k: Any = None
    past_v: Any = None
    mask: Any = None
    param: Mapping[str, Any] = MappingProxyType({})
    input: Any = None


def arranged(values: Mapping[str, Any], spec: Spec | None) -> tuple[Arrays, Spec]:
    """Arrays and choices of a call: those that are given, over those of a record.

    Raises AttnError for a name that is neither, and for a record that is none.
    """
    if not isinstance(spec, Spec | None):
        raise AttnError(f"‹spec›: {brief(repr(spec))} is not a Spec.")
    arrays, chosen = separated({name: one for name, one in values.items() if one is not None})
    recorded = spec.said() if spec else {}
    kept = {name: one for name, one in recorded.items() if values.get(name) is not False}
    return arrays, chosen.under(kept)


def separated(values: Mapping[str, Any]) -> tuple[Arrays, Spec]:
    """Arrays on one side, choices on the other; a mask and a bias may be either.

    Raises AttnError for a name that is neither.
    """
    arrays = {name: one for name, one in values.items() if name in Arrays._fields}
    if not isinstance(arrays.get("param", {}), Mapping):
        raise AttnError("‹param›: give arrays by their names, as in {'w': …}.")
    choices = {name: one for name, one in values.items() if name not in arrays}
    for name in ("mask", "bias"):
        if isinstance(arrays.get(name), str) and not names_array(arrays[name]):
            choices[name] = arrays.pop(name)
    return Arrays(**arrays), Spec.of(choices)


def refuse_arrays(arrays: Arrays, *taken: str) -> None:
    """Raise AttnError for arrays where no numbers are computed with, but those that are taken."""
    for name in Arrays._fields:
        given = getattr(arrays, name)
        if name in taken or given is None or (name == "param" and not given):
            continue
        if name == "bias":
            raise AttnError("‹bias›: here a bias goes by its name; arrays are for attn compute.")
        raise AttnError(f"{choice(name)}: no numbers are computed with here.")
