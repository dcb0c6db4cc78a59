"""The arrays that are given: by options of their own, or several by name in one file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from attn_cli.cli.options import ArrayOptions
from attn_cli.errors import AttnError, listed, shape_text
from attn_cli.masks.catalogue import FARTHEST
from attn_cli.matrices import files, numeric
from attn_cli.matrices.files import SETTINGS
from attn_cli.matrices.sources import Sources
from attn_cli.mechanisms import MECHANISMS, local
from attn_cli.mechanisms.biases import TABLE
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.spelling import choice

Array = np.ndarray[Any, Any]

ARRAYS = ("q", "k", "v", "x", "context", "w_q", "w_k", "w_v", "w_o", "bias", "past_k", "past_v")


class Given(NamedTuple):
    """What was read.

    settings: how a saved run was made, if it was one. unused: names that mean nothing here.
    """

    arrays: dict[str, Array]
    mask: Array | None
    settings: Mapping[str, Any]
    unused: tuple[str, ...]


def read_given(options: ArrayOptions, mask_argument: str | None, sources: Sources) -> Given:
    """Arrays of the options, then those of --input that no option gives."""
    arguments = {name: (choice(name), getattr(options, name)) for name in ARRAYS}
    arguments |= _parameters(options.param or ())
    given = {
        name: numeric.as_floats(sources.one(text, option), option)
        for name, (option, text) in arguments.items()
        if text is not None
    }
    mask = None
    if mask_argument is not None:
        mask = booleans(mask_argument, sources)
    if options.input is None:
        return Given(given, mask, {}, ())
    held = dict(sources.many(options.input, "‹input›"))
    settings = _settings(held)
    known = [*ARRAYS, *parameters(), "mask"]
    wanted = settings.get("inputs", known)
    unused = [name for name in held if name not in known]
    for name in [name for name in wanted if name in held]:
        array = files.load(held[name], f"‹input›, {name}")
        if name == "mask":
            mask = numeric.as_booleans(array, "‹input›, mask") if mask is None else mask
        elif name not in given:
            given[name] = numeric.as_floats(array, f"‹input›, {name}")
    if not given and mask is None:
        raise AttnError(
            f"‹input›: {options.input} holds none of {', '.join(ARRAYS)}, mask. "
            f"It holds: {listed(held)}."
        )
    return Given(given, mask, settings, () if settings else tuple(unused))


def parameters() -> list[str]:
    """Names of all arrays that some mechanism or bias has of its own."""
    modes = [name for one in MECHANISMS for name in one.parameters]
    noise = [name for one in NORMALIZERS for name in one.arrays(("h", "n", "m"), "m")]
    caches = [name for one in MECHANISMS for name in one.cache if name not in ARRAYS]
    return [*dict.fromkeys([*modes, *caches, *noise]), *local.PARAMETERS, TABLE]


def parameter_names(options: ArrayOptions) -> list[str]:
    """Names that --param gives, as they come."""
    return [_parameter(text)[0] for text in options.param or ()]


def _parameter(text: str) -> tuple[str, str, str]:
    name, equals, argument = text.partition("=")
    return name.strip().replace("-", "_"), equals, argument


def _parameters(texts: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Read `NAME=ARRAY` of every --param."""
    found: dict[str, tuple[str, str]] = {}
    for text in texts:
        name, equals, argument = _parameter(text)
        if not equals or not name.isidentifier():
            raise AttnError(f"‹param›: {text[:40]!r} is not of the form NAME=ARRAY.")
        if name in ARRAYS:
            raise AttnError(f"‹param {name}›: this array has an option of its own, {choice(name)}.")
        if name in found:
            raise AttnError(f"‹param {name}› is given twice.")
        found[name] = (f"‹param {name}›", argument)
    return found


def refuse_conflicts(given: Mapping[str, Array]) -> None:
    """Raise AttnError for arrays that can't go together, or hold nothing."""
    made = [name for name in ("q", "k", "v") if name in given]
    if "x" in given and made:
        raise AttnError(f"Give ‹x›, or ‹q›, ‹k› and ‹v›; not ‹x› with {choice(made[0])}.")
    if "x" not in given:
        for name in ("context", "w_q", "w_k", "w_v"):
            if name in given:
                raise AttnError(f"{choice(name)} needs ‹x› or ‹text›, the rows it works on.")
    for name, array in given.items():
        own = name in parameters()
        if not array.size:
            option = f"‹param {name}›" if own else choice(name)
            raise AttnError(f"{option} is {shape_text(array.shape)}: there is no number in it.")
        if array.ndim < 2 and name != "bias" and not own:
            raise AttnError(
                f"{choice(name)} is a list of {array.size}, with one axis; a matrix has two. "
                "One row is written [[1, 0]]."
            )


TYPED_BOOLEANS = r"(?i)(true|false|[\s\[\],;01])+"


def booleans(argument: str, sources: Sources) -> Array:
    """Read a mask; a typed one may say true and false."""
    if re.fullmatch(TYPED_BOOLEANS, argument):
        argument = re.sub(r"(?i)\bfalse\b", "0", re.sub(r"(?i)\btrue\b", "1", argument))
    return numeric.as_booleans(sources.one(argument, "‹mask›"), "‹mask›")


def _settings(held: dict[str, Any]) -> dict[str, Any]:
    """How a saved run was made, if the file is one."""
    if SETTINGS not in held:
        return {}
    member = held.pop(SETTINGS)
    if getattr(member, "size", 0) > LONGEST_SETTINGS:
        return {}
    try:
        text = files.load(member, "‹input›")
        settings = json.loads(str(text)) if text.dtype.kind == "U" and not text.ndim else None
    except (AttnError, ValueError, RecursionError):
        return {}
    return dict(settings) if is_settings(settings) else {}


LONGEST_SETTINGS = 2**22


COUNTS = ("heads", "kv_heads", "seed", "local_d", "block_size", "query_index")


def is_settings(settings: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a saved entry has the form that a saved run has; anybody may have written it."""
    if not isinstance(settings, dict):
        return False

    def optional(name: str, *kinds: type) -> bool:
        value = settings.get(name)
        return value is None or (isinstance(value, kinds) and not isinstance(value, bool))

    random, digests = settings.get("random", []), settings.get("digests", {})
    decoded = settings.get("decoded")
    if not isinstance(settings.get("usual", {}), dict):
        return False
    if not (_words(random) and isinstance(digests, dict) and _words([*digests.values()])):
        return False
    if decoded is not None and not _is_decoded(decoded):
        return False
    labels, inputs, mask = (settings.get(name) for name in ("labels", "inputs", "mask"))
    counts = [settings.get(name) for name in ("heads", "kv_heads", "local_d", "block_size")]
    return (
        optional("mode", str)
        and all(optional(name, int) for name in COUNTS)
        and all(count is None or count > 0 for count in counts)
        and all((settings.get(name) or 0) >= 0 for name in ("seed", "query_index"))
        and all(
            optional(name, float, int)
            for name in ("scale", "softcap", "rope_base", "temperature", "alpha")
        )
        and all(
            optional(name, str)
            for name in ("bias", "rope", "positions", "normalizer", "local", "activation")
        )
        and settings.get("causal", False) in (True, False)
        and settings.get("by_element") in (None, True, False)
        and settings.get("placed") in (None, True, False)
        and _is_offset(settings.get("offset", 0))
        and isinstance(labels, dict)
        and all(_words(names) for names in labels.values())
        and _words(inputs)
        and (mask is None or (isinstance(mask, dict) and _words(list(mask.values()))))
        and (mask is None or set(mask) == {"name", "says"})
    )


def _is_decoded(value: Any) -> bool:
    named = isinstance(value, dict) and set(value) == {"facts", "output"}
    return named and _words(value["facts"]) and _words([value["output"]])


def _is_offset(value: Any) -> bool:
    numbers = value if isinstance(value, list) and value else [value]
    return all(type(number) is int and abs(number) <= FARTHEST for number in numbers)


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(word, str) and word.isprintable() for word in value
    )
