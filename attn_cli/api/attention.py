"""What is asked of a mechanism: names looked up, and what it does without refused."""

from __future__ import annotations

from attn_cli.api.mask_choices import MaskChoices
from attn_cli.api.positions import rope_of
from attn_cli.errors import AttnError
from attn_cli.mechanisms import Choices, Mechanism
from attn_cli.mechanisms.mechanism import PAST
from attn_cli.mechanisms.normalizers import normalizer
from attn_cli.spec import Spec

DTYPES = ("float64", "float32", "float16")


def choices_of(spec: Spec) -> Choices:
    """What a mechanism is asked; its mask is chosen when all sizes are known.

    Raises AttnError for a choice that means nothing without another.
    """
    chosen = normalizer(spec.normalizer or "softmax")
    if spec.alpha is not None and chosen.name != "entmax":
        raise AttnError("‹alpha› is the power of entmax: add ‹normalizer entmax›.")
    return Choices(
        heads=spec.heads,
        kv_heads=spec.kv_heads,
        scale=spec.scale,
        softcap=spec.softcap,
        normalizer=chosen,
        temperature=spec.temperature,
        alpha=Choices().alpha if spec.alpha is None else spec.alpha,
        rope=rope_of(spec.rope, spec.rope_base),
        sinusoidal=spec.positions is not None,
        residual=spec.residual,
        norm=spec.norm,
        activation=spec.activation or "identity",
    )


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
    "residual": "‹residual›",
    "norm": "‹norm›",
    "activation": "‹activation›",
    "by_element": "‹query_index›",
    "block_size": "‹block_size›",
}
"""What sets each choice that some mechanism does without."""


def with_algorithm(mechanism: Mechanism, spec: Spec, choices: Choices) -> Choices:
    """The same choices, computed in other steps.

    Raises AttnError for two algorithms at once, and for a cache that a mode does without.
    """
    wanted = {
        "‹query_index›": spec.query_index is not None,
        "‹block_size›": spec.block_size is not None,
        "‹decode›": spec.decode,
    }
    given = [option for option, is_given in wanted.items() if is_given]
    if len(given) > 1:
        raise AttnError(f"{' and '.join(given)} are algorithms of their own: give one.")
    if spec.decode and PAST not in mechanism.takes:
        raise AttnError(f"‹decode› needs a cache, which ‹mode {mechanism.name}› does without here.")
    one = spec.query_index is not None
    return choices._replace(by_element=one, block_size=spec.block_size)


def refuse_untaken(
    mechanism: Mechanism, choices: Choices, wanted: MaskChoices, *, table: bool
) -> None:
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


def _masks_beyond(mechanism: Mechanism, wanted: MaskChoices, *, table: bool) -> list[str]:
    """Options of masks that a mechanism can't take: all, or all but plain --causal."""
    options = [shorthand.option for shorthand in wanted.shorthands]
    options += ["‹mask›"] if wanted.expression or wanted.table is not None or table else []
    options += ["‹offset›"] if wanted.offset is not None else []
    options += ["‹align›"] if wanted.align is not None else []
    return [one for one in options if not ("causal" in mechanism.takes and one == "‹causal›")]


def with_local(spec: Spec, wanted: MaskChoices, choices: Choices) -> tuple[MaskChoices, Choices]:
    """Local attention: m is a mask, p is predicted by the queries.

    Raises AttnError for a kind or a reach alone.
    """
    kind, reach = spec.local, spec.local_d
    if kind is None and reach is None:
        return wanted, choices
    if kind is None or reach is None:
        raise AttnError("‹local› and ‹local_d› say together which local attention: give both.")
    if kind == "p":
        return wanted, choices._replace(local_p=reach)
    return wanted.with_local_m(reach), choices
