"""From choices and arrays to a program that can run: what is given, random, and refused."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.api.given import Arrays
from attn_cli.api.inputs import refuse_conflicts
from attn_cli.api.labels import fitting, taken_names, words_of
from attn_cli.api.layouts import otherwise_read, told_layouts
from attn_cli.api.mask_building import Chosen, chosen_mask
from attn_cli.api.mask_choices import MaskChoices
from attn_cli.api.parameters import drawn, refuse_other_noise, taken, used
from attn_cli.api.reading import Reading, attention_of, read_choices
from attn_cli.api.saved import by_element, saved_offset
from attn_cli.api.sentences import sentences
from attn_cli.api.settled import settled_sizes
from attn_cli.arrays import numeric
from attn_cli.arrays.digests import digest
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError
from attn_cli.mechanisms import Choices, Layout, Mechanism
from attn_cli.program import Program, Sizes
from attn_cli.readings.narrow import to_bfloat16
from attn_cli.readings.values import Hook
from attn_cli.spec import Spec

Array = np.ndarray[Any, Any]


BOOLEAN = ("allow", "within", "larger")
"""Operations that make True and False."""


class Request(NamedTuple):
    """A program with everything it needs to run.

    spec: the choices, saved ones among them.
    random: the inputs that were drawn; embedded: rows drawn for words; again: those of a saved run
    that are as they were drawn then; saved_step: what was said of a saved decode step, and the
    digest of its output; hints: what looks otherwise than it was read; laid_out: how arrays were
    read; narrow: the float type that every step is rounded to, where it is computed in a wider one;
    table: whether a mask was given as an array;
    usual: those that have their usual number. unused: arrays
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
    whole: "Request | None" = None
    embedded: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    saved_step: tuple[tuple[str, ...], str] = ((), "")
    hints: tuple[str, ...] = ()
    laid_out: tuple[str, ...] = ()
    narrow: str = ""
    table: bool = False

    @property
    def after(self) -> dict[str, Hook]:
        """What is done to the numbers of each step: rounded to a narrow type, where asked for."""
        if not self.narrow:
            return {}
        return {s.name: to_bfloat16 for s in self.program if s.operation not in BOOLEAN}

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
    read = read_choices(spec, arrays, sources)
    spec, settings = read.spec, read.settings
    mechanism, wanted, choices = attention_of(read)
    given, unused = used(
        read.given, read.unused, mechanism, choices, arrays, shared=shared, saved=read.saved
    )
    if choices.sinusoidal and "x" not in given and spec.text is None:
        raise AttnError("‹positions› are added to rows: give ‹x› or ‹text›.")
    if (choices.residual or choices.norm) and "x" not in given and spec.text is None:
        raise AttnError("‹residual› and ‹norm› are about rows: give ‹x› or ‹text›.")
    text = sentences(spec, given, choices, _seed(spec))
    refuse_conflicts(given)
    given = numeric.to_one_type(given, spec.dtype)
    bound, layout = settled_sizes(mechanism, given, read.mask, wanted, spec, choices)
    by_number = by_element(read.now, settings)
    choices = _for_one_query(mechanism, choices, given, bound, by_number)
    query = _query(spec, bound)
    given, unused = taken(given, unused, mechanism, layout, arrays, shared=shared)
    chosen = _mask(read, wanted, bound, layout)
    choices = choices._replace(mask=chosen.mask, offset=chosen.offset)
    program = mechanism.program(bound, layout, choices)
    usual = {**mechanism.usual, **choices.normalizer.usual}
    made = _drawn(mechanism, choices, program, given, spec)
    if read.now.seed is not None and not {*made} - {*usual} and spec.text is None:
        raise AttnError("‹seed› changes nothing here: no array is random.")
    embedded = tuple(
        name
        for name, text in (("x", spec.text), ("context", spec.context_text))
        if text is not None
    )
    return Request(
        spec=spec,
        mechanism=mechanism,
        choices=choices,
        program=program,
        arrays={**given, **made},
        labels=fitting(words_of(read, text, arrays, mechanism, layout, bound), program, bound),
        random=tuple(name for name in made if name not in usual),
        usual={
            name: x for name, x in usual.items() if name in made or _as_saved(settings, name, given)
        },
        unused=unused,
        seed=_seed(spec),
        chosen=chosen,
        query=query,
        embedded=embedded,
        again=tuple(
            name
            for name in settings.get("random") or ()
            if name not in embedded and _unchanged(settings, name, given)
        ),
        saved_step=_saved_step(settings, mechanism.cache, given),
        hints=(*read.hints, *taken_names(read.names), *_otherwise_read(read, given, bound, layout)),
        table=read.mask is not None,
        laid_out=(*read.told, *told_layouts(spec, given, read.in_out, resumed=read.saved)),
    )


def in_bfloat16(spec: Spec, arrays: Arrays, sources: Sources) -> Request:
    """A request whose inputs and steps are rounded to bfloat16, each computed in float32."""
    if spec.decode:
        raise AttnError("‹dtype bfloat16› is not for ‹decode›.")
    request = request_of(spec.but(dtype="float32"), arrays, sources)
    rounded = {
        name: to_bfloat16(one) if one.dtype.kind == "f" else one
        for name, one in request.arrays.items()
    }
    return request._replace(spec=spec, arrays=rounded, narrow="bfloat16")


def _otherwise_read(
    read: Reading, given: Mapping[str, Array], sizes: Sizes, layout: Layout
) -> tuple[str, ...]:
    """What is said of a mask and a bias whose axes may be meant otherwise."""
    if read.saved or not layout.scores:
        return ()
    mask = read.mask if read.now.mask_axes is None else None
    return (
        *otherwise_read("mask", mask, layout.scores, sizes),
        *otherwise_read("bias", given.get("bias"), layout.scores, sizes),
    )


def _seed(spec: Spec) -> int:
    return 0 if spec.seed is None else spec.seed


def _mask(read: Reading, wanted: MaskChoices, sizes: Sizes, layout: Layout) -> Chosen:
    """The mask, asked for or saved; none where no query is paired with a key."""
    chosen = Chosen(None, 0, False, ())
    if {"n", "m"} <= set(layout.scores):
        said = None if wanted.table is not None else read.settings.get("mask")
        offset = saved_offset(read.settings)
        chosen = chosen_mask(wanted, read.mask, said, sizes, layout, offset)
    if read.settings.get("placed") and wanted.offset is None and wanted.align is None:
        return chosen._replace(placed=True)
    return chosen


def _drawn(
    mechanism: Mechanism,
    choices: Choices,
    program: Program,
    given: Mapping[str, Array],
    spec: Spec,
) -> dict[str, Array]:
    """The inputs that are not given: random, or with their usual numbers."""
    usual = {**mechanism.usual, **choices.normalizer.usual}
    noise = {**mechanism.noise, **choices.normalizer.noise}
    refuse_other_noise(noise, given)
    return drawn(program, usual, noise, given, _seed(spec), spec.dtype)


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
