"""What a person may ask of attention, from its options: numbers checked, names looked up."""

from __future__ import annotations

from math import isfinite
from typing import Any

from attn_cli.cli.asked import Asked
from attn_cli.cli.options import AlgorithmOptions, AttentionOptions
from attn_cli.errors import AttnError, did_you_mean
from attn_cli.mechanisms import Choices, Mechanism
from attn_cli.mechanisms.mechanism import PAST
from attn_cli.mechanisms.normalizers import normalizer

DTYPES = ("float64", "float32", "float16")
MOST_ALPHA = 16
LOCAL = ("m", "p")
ACTIVATIONS = ("identity", "tanh", "relu", "sigmoid")


def choices_of(attention: AttentionOptions) -> Choices:
    """Check the numbers of an attention; its mask is chosen when all sizes are known."""
    if attention.dtype is not None and attention.dtype not in DTYPES:
        raise AttnError(f"‹dtype›: {attention.dtype!r} is not one of {', '.join(DTYPES)}.")
    return Choices(
        heads=attention.heads,
        kv_heads=attention.kv_heads,
        scale=_finite(attention.scale, "‹scale›"),
        softcap=_positive(attention.softcap, "‹softcap›"),
        activation=_activation(attention.activation),
        **_normalized(attention),
    )


def _normalized(attention: AttentionOptions) -> dict[str, Any]:
    """How scores become weights.

    Raises AttnError for an alpha or a temperature that means nothing.
    """
    chosen = normalizer(attention.normalizer or "softmax")
    if attention.alpha is not None and chosen.name != "entmax":
        raise AttnError("‹alpha› is the power of entmax: add ‹normalizer entmax›.")
    if attention.alpha is not None and not 1 < attention.alpha <= MOST_ALPHA:
        raise AttnError(f"‹alpha›: {attention.alpha:g} is not above 1 and at most {MOST_ALPHA}.")
    return {
        "normalizer": chosen,
        "temperature": _positive(attention.temperature, "‹temperature›"),
        "alpha": Choices().alpha if attention.alpha is None else attention.alpha,
    }


def _activation(name: str | None) -> str:
    if name is not None and name not in ACTIVATIONS:
        known = did_you_mean(name, [*ACTIVATIONS])
        raise AttnError(f"‹activation›: there is no activation {name!r}. {known}")
    return name or "identity"


def _finite(number: float | None, option: str) -> float | None:
    if number is not None and not isfinite(number):
        raise AttnError(f"{option}: {number} is not a finite number.")
    return number


def _positive(number: float | None, option: str) -> float | None:
    if number is not None and not (isfinite(number) and number > 0):
        raise AttnError(f"{option}: {number:g} is not a finite number above 0.")
    return number


OPTIONS = {
    "heads": "‹heads›",
    "kv_heads": "‹kv_heads›",
    "scale": "‹scale›",
    "softcap": "‹softcap›",
    "local_p": "‹local›",
    "normalizer": "‹normalizer›",
    "temperature": "‹temperature›",
    "bias": "‹bias›",
    "rope": "‹rope›",
    "sinusoidal": "‹positions›",
    "activation": "‹activation›",
    "by_element": "‹query_index›",
    "block_size": "‹block_size›",
}
"""What sets each choice that some mechanism does without."""


def with_algorithm(mechanism: Mechanism, algorithm: AlgorithmOptions, choices: Choices) -> Choices:
    """The same choices, computed in other steps.

    Raises AttnError for two algorithms at once, and for a cache that a mode does without.
    """
    wanted = {
        "‹query_index›": algorithm.query_index is not None,
        "‹block_size›": algorithm.block_size is not None,
        "‹decode›": algorithm.decode,
    }
    given = [option for option, is_given in wanted.items() if is_given]
    if len(given) > 1:
        raise AttnError(f"{' and '.join(given)} are algorithms of their own: give one.")
    if algorithm.decode and PAST not in mechanism.takes:
        raise AttnError(f"‹decode› needs a cache, which ‹mode {mechanism.name}› does without here.")
    one = algorithm.query_index is not None
    return choices._replace(by_element=one, block_size=algorithm.block_size)


def refuse_untaken(mechanism: Mechanism, choices: Choices, wanted: Asked, *, table: bool) -> None:
    """Raise AttnError for a choice that changes nothing in a mechanism; table: a mask is given."""
    usual = Choices()
    set_here = [
        option
        for name, option in OPTIONS.items()
        if name not in mechanism.takes and getattr(choices, name) != getattr(usual, name)
    ]
    if "mask" not in mechanism.takes:
        set_here += _masks_beyond(mechanism, wanted, table=table)
    if set_here:
        known = [option for name, option in OPTIONS.items() if name in mechanism.takes]
        known += [words for name, words in MASKED.items() if name in mechanism.takes]
        raise AttnError(
            f"{set_here[0]} is not for ‹mode {mechanism.name}› ({mechanism.title}). "
            f"It takes: {', '.join(known) or 'its arrays alone'}."
        )


MASKED = {"mask": "masks", "causal": "‹causal›"}


def _masks_beyond(mechanism: Mechanism, wanted: Asked, *, table: bool) -> list[str]:
    """Options of masks that a mechanism can't take: all, or all but plain --causal."""
    options = [shorthand.option for shorthand in wanted.shorthands]
    options += ["‹mask›"] if wanted.expression or wanted.table is not None or table else []
    options += ["‹offset›"] if wanted.offset is not None else []
    options += ["‹align›"] if wanted.align is not None else []
    return [one for one in options if not ("causal" in mechanism.takes and one == "‹causal›")]


def with_local(
    attention: AttentionOptions, wanted: Asked, choices: Choices
) -> tuple[Asked, Choices]:
    """Local attention: m is a mask, p is predicted by the queries.

    Raises AttnError for another kind, and for a kind or a reach alone.
    """
    kind, reach = attention.local, attention.local_d
    if kind is None and reach is None:
        return wanted, choices
    if kind is None or reach is None:
        raise AttnError("‹local› and ‹local_d› say together which local attention: give both.")
    if kind not in LOCAL:
        raise AttnError(f"‹local›: no local attention {kind!r}. {did_you_mean(kind, [*LOCAL])}")
    if kind == "p":
        return wanted, choices._replace(local_p=reach)
    return wanted.with_local_m(reach), choices
