"""What is asked for before its sizes are known: choices, arrays, the mechanism and its mask."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from attn_cli import mechanisms
from attn_cli.api.attention import DTYPES, choices_of, refuse_untaken, with_algorithm, with_local
from attn_cli.api.given import Arrays
from attn_cli.api.inputs import read_given
from attn_cli.api.layouts import laid_out
from attn_cli.api.mask_choices import MaskChoices, mask_choices, refuse_placement
from attn_cli.api.positions import bias_of
from attn_cli.api.saved import with_saved
from attn_cli.arrays.projections import Heads
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError
from attn_cli.mechanisms import Choices, Mechanism
from attn_cli.mechanisms.mechanism import CONTEXT
from attn_cli.spec import Spec, taken_by, whole

if TYPE_CHECKING:
    from attn_cli.arrays.tables import Names

Array = np.ndarray[Any, Any]


class Reading(NamedTuple):
    """What is read before a mechanism is known.

    now: the choices that are made now; spec: with those of a saved run, whose settings stand
    beside. in_out: matrices that are known to multiply from the right; told: how tensors of
    libraries were read; names, labels: words that files have for rows and columns. wanted: the
    mask that is asked for; mask: one that is given as an array.
    """

    now: Spec
    spec: Spec
    settings: Mapping[str, Any]
    wanted: MaskChoices
    mask: Array | None
    given: dict[str, Array]
    unused: tuple[str, ...]
    hints: tuple[str, ...]
    in_out: frozenset[str]
    told: tuple[str, ...]
    names: "Mapping[str, Names]"
    labels: Mapping[str, tuple[str, ...]]

    @property
    def saved(self) -> bool:
        """Whether arrays come from a saved run."""
        return bool(self.settings)


def read_choices(spec: Spec, arrays: Arrays, sources: Sources) -> Reading:
    """Read arrays into their usual order of axes, and the choices with those of a saved run.

    Raises AttnError for what can't be read, and for a size that is no number.
    """
    _refuse_letters(spec)
    wanted = mask_choices(spec, arrays.mask)
    read = read_given(arrays, sources, spec)
    mask, settings, unused = read.mask, read.settings, read.unused
    spec = _with_heads(spec, read.heads)
    if settings.get("causal") and not wanted.any:
        wanted = mask_choices(spec.but(causal=True, mask_axes=None))
    given, hints = laid_out(read.arrays, spec, read.in_out, resumed=bool(settings))
    resumed = with_saved(spec, settings)
    return Reading(
        spec,
        resumed,
        settings,
        wanted,
        mask,
        given,
        unused,
        hints,
        read.in_out,
        read.told,
        read.names,
        read.labels,
    )


def _with_heads(spec: Spec, heads: Heads) -> Spec:
    """The choices with the heads that arrays of three axes say.

    Raises AttnError for another number of them.
    """
    for name, own in (("heads", heads.queries), ("kv_heads", heads.keys)):
        asked = getattr(spec, name) or (spec.heads if name == "kv_heads" else None)
        if own is not None and asked is not None and asked != own:
            raise AttnError(f"‹{name}›: the arrays have {own} heads, not {asked}.")
    if heads.queries is None:
        return spec
    return spec.but(heads=heads.queries, kv_heads=heads.keys or spec.kv_heads)


def _refuse_letters(spec: Spec) -> None:
    """Raise AttnError for a size that is a letter, and a type that is not computed with."""
    for name, known in taken_by("compute").items():
        if known.kind == "size":
            whole(spec, name)
    if spec.dtype is not None and spec.dtype not in DTYPES:
        if spec.dtype == "bfloat16":
            raise AttnError("‹dtype bfloat16› is for compute and diagnose alone.")
        types = ", ".join((*DTYPES, "bfloat16"))
        raise AttnError(f"‹dtype›: {spec.dtype!r} is not one of {types}.")


def attention_of(read: Reading) -> tuple[Mechanism, MaskChoices, Choices]:
    """The mechanism, the mask it is asked to take, and its choices.

    Raises AttnError for a choice that it does not take.
    """
    spec, given = read.spec, read.given
    saved_bias = read.now.bias is None and spec.bias is not None
    bias = None
    if not (saved_bias and "bias" in given):
        bias = bias_of(spec.bias, "‹input›, bias" if saved_bias else "‹bias›")
    mechanism = mechanisms.named(mechanisms.DEFAULT if spec.mode is None else spec.mode)
    wanted, choices = with_local(spec, read.wanted, choices_of(spec)._replace(bias=bias))
    choices = with_algorithm(mechanism, spec, choices)
    refuse_untaken(mechanism, choices, wanted, table=read.mask is not None)
    if spec.context_text is not None and CONTEXT not in mechanism.takes:
        raise AttnError(f"‹context_text›: {mechanism.title} takes no context here.")
    if spec.activation is not None and "activation" not in mechanism.takes:
        raise AttnError(f"‹activation› is not for ‹mode {mechanism.name}› ({mechanism.title}).")
    if choices.heads is None and not any(array.ndim == 4 for array in given.values()):
        choices = choices._replace(heads=mechanism.heads)
    moves = choices.bias is not None or choices.rope is not None
    refuse_placement(wanted, moves=moves or read.settings.get("mask") is not None)
    return mechanism, wanted, choices
