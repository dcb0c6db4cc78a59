"""From choices and arrays to a program that can run: what is given, random, and refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli import mechanisms
from attn_cli.api.attention import DTYPES, choices_of, refuse_untaken, with_algorithm, with_local
from attn_cli.api.given import Arrays
from attn_cli.api.inputs import read_given, refuse_conflicts
from attn_cli.api.layouts import laid_out, told_layouts
from attn_cli.api.mask_building import Chosen, chosen_mask
from attn_cli.api.mask_choices import mask_choices, refuse_placement
from attn_cli.api.parameters import drawn, refuse_other_noise, taken, used
from attn_cli.api.positions import bias_of
from attn_cli.api.saved import by_element, saved_offset, with_saved
from attn_cli.api.sentences import name_labels, replaced, sentences
from attn_cli.api.settled import settled_sizes
from attn_cli.arrays import numeric
from attn_cli.arrays.digests import digest
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError
from attn_cli.mechanisms import Choices, Mechanism
from attn_cli.mechanisms.mechanism import CONTEXT
from attn_cli.program import Program, Sizes
from attn_cli.spec import Spec, taken_by, whole

Array = np.ndarray[Any, Any]


class Request(NamedTuple):
    """A program with everything it needs to run.

    spec: the choices, saved ones among them.
    random: the inputs that were drawn; embedded: rows drawn for words; again: those of a saved run
    that are as they were drawn then; saved_step: what was said of a saved decode step, and the
    digest of its output; hints: what looks otherwise than it was read; laid_out: how arrays were
    read; usual: those that have their usual number. unused: arrays
    in --input that nothing asked for.
    chosen: the mask, where it places the queries, and the masks it is made of. query: the only one
    that is computed, where it is one. whole: the run whose last row this one is.
    """

    spec: Spec
    mechanism: Mechanism
    choices: Choices
    program: Program
    arrays: dict[str, Array]
    labels: dict[str, tuple[str, ...]]
    random: tuple[str, ...]
    usual: Mapping[str, float]
    unused: tuple[str, ...]
    seed: int
    chosen: Chosen
    query: int | None = None
    whole: Request | None = None
    embedded: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    saved_step: tuple[tuple[str, ...], str] = ((), "")
    hints: tuple[str, ...] = ()
    laid_out: tuple[str, ...] = ()

    @property
    def drawn(self) -> tuple[str, ...]:
        """Every input that is random, now or in the saved run it comes from."""
        names = (*self.random, *self.embedded, *self.again)
        return tuple(name for name in self.arrays if name in names)


def request_of(spec: Spec, arrays: Arrays, sources: Sources, *, shared: bool = False) -> Request:
    """Read what is given, settle every size, draw what is missing, write the program down.

    shared: the arrays are for several requests, each of which takes its own.
    Raises AttnError or ShapeError, naming the choices that do not go together.
    """
    _refuse_letters(spec)
    wanted = mask_choices(spec, arrays.mask)
    given, mask, settings, unused = read_given(arrays, sources)
    if settings.get("causal") and not wanted.any:
        wanted = mask_choices(spec.but(causal=True))
    given, hints = laid_out(given, spec, resumed=bool(settings))
    chosen_now, spec = spec, with_saved(spec, settings)
    saved_bias = chosen_now.bias is None and spec.bias is not None
    bias = None
    if not (saved_bias and "bias" in given):
        bias = bias_of(spec.bias, "‹input›, bias" if saved_bias else "‹bias›")
    seed = 0 if spec.seed is None else spec.seed
    mechanism = mechanisms.named(mechanisms.DEFAULT if spec.mode is None else spec.mode)
    wanted, choices = with_local(spec, wanted, choices_of(spec)._replace(bias=bias))
    choices = with_algorithm(mechanism, spec, choices)
    refuse_untaken(mechanism, choices, wanted, table=mask is not None)
    if spec.context_text is not None and CONTEXT not in mechanism.takes:
        raise AttnError(f"‹context_text›: {mechanism.title} takes no context here.")
    if spec.activation is not None and "activation" not in mechanism.takes:
        raise AttnError(f"‹activation› is not for ‹mode {mechanism.name}› ({mechanism.title}).")
    if choices.heads is None and not any(array.ndim == 4 for array in given.values()):
        choices = choices._replace(heads=mechanism.heads)
    moves = choices.bias is not None or choices.rope is not None
    refuse_placement(wanted, moves=moves or settings.get("mask") is not None)
    given, unused = used(
        given, unused, mechanism, choices, arrays, shared=shared, saved=bool(settings)
    )
    if choices.sinusoidal and "x" not in given and spec.text is None:
        raise AttnError("‹positions› are added to rows: give ‹x› or ‹text›.")
    texts = (("x", spec.text), ("context", spec.context_text))
    embedded = tuple(name for name, text in texts if text is not None)
    saved_labels = {} if replaced(arrays) else settings.get("labels", {})
    labels = sentences(spec, given, choices, seed) or {
        axis: tuple(names) for axis, names in saved_labels.items()
    }
    labels = {mechanism.axis(axis): names for axis, names in labels.items()}
    refuse_conflicts(given)
    given = numeric.to_one_type(given, spec.dtype)
    bound, layout = settled_sizes(mechanism, given, mask, wanted, spec, choices)
    choices = _for_one_query(mechanism, choices, given, bound, by_element(chosen_now, settings))
    query = _query(spec, bound)
    given, unused = taken(given, unused, mechanism, layout, arrays, shared=shared)
    said = None if wanted.table is not None else settings.get("mask")
    paired = {"n", "m"} <= set(layout.scores)
    chosen = (
        chosen_mask(wanted, mask, said, bound, layout, saved_offset(settings))
        if paired
        else Chosen(None, 0, False, ())
    )
    if settings.get("placed") and wanted.offset is None and wanted.align is None:
        chosen = chosen._replace(placed=True)
    choices = choices._replace(mask=chosen.mask, offset=chosen.offset)
    program = mechanism.program(bound, layout, choices)
    usual = {**mechanism.usual, **choices.normalizer.usual}
    noise = {**mechanism.noise, **choices.normalizer.noise}
    refuse_other_noise(noise, given)
    made = drawn(program, usual, noise, given, seed, spec.dtype)
    if chosen_now.seed is not None and not {*made} - {*usual} and spec.text is None:
        raise AttnError("‹seed› changes nothing here: no array is random.")
    labels = name_labels(labels, program)
    labels = {axis: names for axis, names in labels.items() if len(names) == bound.get(axis, 0)}
    return Request(
        spec=spec,
        mechanism=mechanism,
        choices=choices,
        program=program,
        arrays={**given, **made},
        labels=labels,
        random=tuple(name for name in made if name not in usual),
        usual={
            name: x for name, x in usual.items() if name in made or _as_saved(settings, name, given)
        },
        unused=unused,
        seed=seed,
        chosen=chosen,
        query=query,
        embedded=embedded,
        again=tuple(
            name
            for name in settings.get("random") or ()
            if name not in embedded and _unchanged(settings, name, given)
        ),
        saved_step=_saved_step(settings, mechanism.cache, given),
        hints=hints,
        laid_out=told_layouts(spec, given, resumed=bool(settings)),
    )


def _as_saved(settings: Mapping[str, Any], name: str, given: Mapping[str, Array]) -> bool:
    """Whether an array of a saved run had its usual number, and has it still."""
    return name in (settings.get("usual") or ()) and _unchanged(settings, name, given)


def _unchanged(settings: Mapping[str, Any], name: str, given: Mapping[str, Array]) -> bool:
    return name in given and bool(digest(given[name]) == settings["digests"].get(name))


def _saved_step(
    settings: Mapping[str, Any], cache: tuple[str, ...], given: Mapping[str, Array]
) -> tuple[tuple[str, ...], str]:
    """What was said of a saved decode step, where its cache is still the one it had."""
    decoded = settings.get("decoded")
    if not decoded or not all(_unchanged(settings, name, given) for name in cache):
        return (), ""
    return tuple(decoded["facts"]), decoded["output"]


ONE_QUERY = 256
"""Numbers of keys or values up to which a single query is shown number by number."""


def _for_one_query(
    mechanism: Mechanism,
    choices: Choices,
    given: Mapping[str, Array],
    sizes: Sizes,
    saved: bool | None,
) -> Choices:
    """A single row of queries that was given is taken number by number where it is small.

    saved: how a saved run took it.
    """
    if "by_element" not in mechanism.takes or choices.by_element:
        return choices
    if saved is not None and choices.block_size is None:
        return choices._replace(by_element=saved)
    alone = (
        "q" in given
        and sizes["m"] > 1
        and sizes["n"] == sizes.get("b", 1) == 1
        and "h" not in sizes
    )
    if not alone or "past_k" in given or choices.block_size is not None:
        return choices
    return choices._replace(by_element=sizes["m"] * max(sizes["d"], sizes["d_v"]) <= ONE_QUERY)


def _query(spec: Spec, sizes: Sizes) -> int | None:
    index = spec.query_index
    if index is not None and index >= sizes["n"]:
        raise AttnError(f"‹query_index {index}›: there are {sizes['n']} queries, counted from 0.")
    return index


def _refuse_letters(spec: Spec) -> None:
    """Raise AttnError for a size that is a letter, and a type that is not computed with."""
    for name, known in taken_by("compute").items():
        if known.kind == "size":
            whole(spec, name)
    if spec.dtype is not None and spec.dtype not in DTYPES:
        raise AttnError(f"‹dtype›: {spec.dtype!r} is not one of {', '.join(DTYPES)}.")
