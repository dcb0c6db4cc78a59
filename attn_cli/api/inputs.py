"""Arrays read from wherever they are: each by its name, or several in one file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from attn_cli.api.given import ARRAYS, Arrays
from attn_cli.api.saved import saved_settings
from attn_cli.arrays import numeric
from attn_cli.arrays.arguments import SETTINGS
from attn_cli.arrays.forms import with_axes
from attn_cli.arrays.projections import PROJECTION_BIASES, Heads, packed
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError, listed, shape_text
from attn_cli.language import said
from attn_cli.mechanisms import MECHANISMS, local
from attn_cli.mechanisms.biases import TABLE
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.readings.notation import letter
from attn_cli.spec import Spec, whole
from attn_cli.spelling import choice

if TYPE_CHECKING:
    from attn_cli.arrays.tables import Names
    from attn_cli.arrays.tensors import Tensor

Array = np.ndarray[Any, Any]


class Given(NamedTuple):
    """What was read.

    settings: how a saved run was made, if it was one. unused: names that mean nothing here.
    names: words that files have for rows and columns, by array; labels: those of queries "n" and
    keys "m". heads: as many as arrays of three axes say. in_out: matrices that are known to
    multiply from the right. told: how tensors of libraries were read.
    """

    arrays: dict[str, Array]
    mask: Array | None
    settings: Mapping[str, Any]
    unused: tuple[str, ...]
    heads: Heads = Heads()
    in_out: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()
    names: Mapping[str, Names] = {}
    labels: Mapping[str, tuple[str, ...]] = {}


def read_given(arrays: Arrays, sources: Sources, spec: Spec) -> Given:
    """Arrays that are given by name, then the others of an input file.

    spec: how fused tensors are taken apart.
    """
    read = _read(arrays, sources, spec)
    if spec.qkv is not None and not any("split" in line for line in read.told):
        raise AttnError(f"‹qkv {spec.qkv}› is for a fused tensor in ‹input›: there is none.")
    made, heads = packed(read.arrays)
    wide = {name for name, one in read.arrays.items() if one.ndim == 3 and name in made}
    turned = {name for name in wide if made[name].ndim == 2 and name.startswith("w_")}
    told = [_told_axes(name, read.arrays[name]) for name in sorted(turned)]
    return read._replace(
        arrays=made, heads=heads, in_out=read.in_out | turned, told=(*read.told, *told)
    )


def _told_axes(name: str, array: Array) -> str:
    axes = "heads, width, out" if name == "w_o" else "in, heads, width"
    return f"{letter(name)} of {shape_text(array.shape)} read as ({axes})"


def _read(arrays: Arrays, sources: Sources, spec: Spec) -> Given:
    arguments = {name: (choice(name), getattr(arrays, name)) for name in ARRAYS}
    arguments |= _parameters(arrays.param)
    given = {
        name: numeric.as_floats(sources.one(one, option), option)
        for name, (option, one) in arguments.items()
        if one is not None
    }
    mask = None if arrays.mask is None else booleans(arrays.mask, sources, spec.mask_axes)
    names = {
        name: sources.names[option]
        for name, (option, _) in arguments.items()
        if option in sources.names
    }
    if arrays.input is None and spec.sample is None:
        return Given(given, mask, {}, (), names=names)
    from attn_cli.arrays import files

    held, about = _held(arrays, sources, spec)
    settings = saved_settings(held)
    labels = files.taken_labels(held, "‹input›")
    known = [*ARRAYS, *parameters(), "mask"]
    wanted = settings.get("inputs", known)
    made = {} if settings else _of_libraries(held, [*known, *given], given, spec)
    lies = frozenset(one for _, read, _ in made.values() for one in read if one.startswith("w_"))
    unused = [name for name in held if name not in known and name not in made]
    for name in [name for name in wanted if name in held]:
        array = files.load(held[name], f"‹input›, {name}")
        if name == "mask":
            mask = numeric.as_booleans(array, "‹input›, mask") if mask is None else mask
        elif name not in given:
            given[name] = numeric.as_floats(array, f"‹input›, {name}")
    for _, read, _ in made.values():
        given |= {name: one for name, one in read.items() if name not in given}
    if not given and mask is None:
        where = f"{arrays.input} holds" if isinstance(arrays.input, str) else "it holds"
        raise AttnError(
            f"‹input›: {where} none of {', '.join(ARRAYS)}, mask. It holds: {listed(held)}."
        )
    told = (*about, *(_told(name, *one) for name, one in made.items()))
    unused = [] if settings else unused
    return Given(
        given, mask, settings, tuple(unused), in_out=lies, told=told, names=names, labels=labels
    )


def _held(arrays: Arrays, sources: Sources, spec: Spec) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What an input file or a sample holds, and what is said of it.

    Raises AttnError where both are asked for.
    """
    if spec.sample is None:
        return dict(sources.many(arrays.input, "‹input›")), ()
    if arrays.input is not None:
        raise AttnError("‹sample› is an input of its own; leave ‹input› out.")
    from attn_cli.data import samples

    one = samples.sample_called(spec.sample)
    document = samples.document(one.name)
    arrays_of = {name: np.array(rows) for name, rows in document["arrays"].items()}
    settings = np.array(json.dumps(document["settings"]))
    return {**arrays_of, SETTINGS: settings}, (
        said("sample {name}: {about}", name=one.name, about=said(one.about)),
        said("made by {command}", command=one.made),
    )


def _of_libraries(
    held: Mapping[str, Any], known: list[str], given: Mapping[str, Array], spec: Spec
) -> dict[str, tuple[Tensor, dict[str, Array], bool]]:
    """Tensors that go by the names of libraries: each with what it is here, and whether turned."""
    from attn_cli.arrays import files
    from attn_cli.arrays.tensors import FUSED, found, taken_apart

    taken = {name for name in held if name in known} | {*given}
    made = {}
    for name, tensor in found(held, taken).items():
        array = numeric.as_floats(files.load(held[name], f"‹input›, {name}"), f"‹input›, {name}")
        said = spec.weights_layout
        out_in = tensor.out_in if said is None else said == "out-in"
        heads = Heads(whole(spec, "heads"), whole(spec, "kv_heads"))
        how = spec.qkv or FUSED[0]
        made[name] = (
            tensor,
            taken_apart(name, array, tensor, heads, how, out_in=out_in),
            out_in and tensor.becomes[0].startswith("w_"),
        )
    return made


def _told(name: str, tensor: Tensor, read: Mapping[str, Array], turned: bool) -> str:
    """How a tensor was read: q_proj.weight read as W_Q, (out, in)."""
    names = ", ".join(map(letter, tensor.becomes))
    how = f"{name} split into {names}" if len(read) > 1 else f"{name} read as {names}"
    return f"{how}, (out, in)" if turned else how


def parameters() -> list[str]:
    """Names of all arrays that some mechanism or bias has of its own."""
    modes = [name for one in MECHANISMS for name in one.parameters]
    noise = [name for one in NORMALIZERS for name in one.arrays(("h", "n", "m"), "m")]
    caches = [name for one in MECHANISMS for name in one.cache if name not in ARRAYS]
    return [*dict.fromkeys([*modes, *caches, *noise]), *local.PARAMETERS, TABLE]


def _parameters(given: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """Arrays of a mode's own, with what messages call them."""
    for name in given:
        if name in ARRAYS:
            raise AttnError(f"‹param {name}›: this array has an option of its own, {choice(name)}.")
    return {name: (choice("param", name), one) for name, one in given.items()}


def refuse_conflicts(given: Mapping[str, Array]) -> None:
    """Raise AttnError for arrays that can't go together, or hold nothing."""
    made = [name for name in ("q", "k", "v") if name in given]
    if "x" in given and made:
        raise AttnError(f"Give ‹x›, or ‹q›, ‹k› and ‹v›; not ‹x› with {choice(made[0])}.")
    if "x" not in given:
        for name in ("context", "w_q", "w_k", "w_v", "b_q", "b_k", "b_v"):
            if name in given:
                raise AttnError(f"{choice(name)} needs ‹x› or ‹text›, the rows it works on.")
    for name, array in given.items():
        own = name in parameters()
        if not array.size:
            option = f"‹param {name}›" if own else choice(name)
            raise AttnError(f"{option} is {shape_text(array.shape)}: there is no number in it.")
        if not array.ndim and name != "bias" and not own:
            raise AttnError(f"{choice(name)} is a single number; a matrix is written [[1, 0]].")
        if array.ndim < 2 and name not in ("bias", *PROJECTION_BIASES) and not own:
            raise AttnError(
                f"{choice(name)} is a list of {array.size}, with one axis; a matrix has two. "
                "One row is written [[1, 0]]."
            )


TYPED_BOOLEANS = r"(?i)(true|false|[\s\[\],;01])+"


def booleans(argument: Any, sources: Sources, axes: str | None = None) -> Array:
    """Read a mask; a typed one may say true and false. axes: its letters, as in bnm.

    Raises AttnError for another number of axes than there are letters.
    """
    if isinstance(argument, str) and re.fullmatch(TYPED_BOOLEANS, argument):
        argument = re.sub(r"(?i)\bfalse\b", "0", re.sub(r"(?i)\btrue\b", "1", argument))
    table = numeric.as_booleans(sources.one(argument, "‹mask›"), "‹mask›")
    if not table.size:
        raise AttnError(f"‹mask› is {shape_text(table.shape)}: there is no pair in it.")
    return table if axes is None else with_axes(table, axes)
