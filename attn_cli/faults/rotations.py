"""Faults of rotary positions: which numbers are a pair, where positions begin, what is turned."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attn_cli.faults.biases import tabulated
from attn_cli.faults.fault import Edit, Fault, Setting, Telling
from attn_cli.language import said
from attn_cli.mechanisms.position_tables import Placing, angles
from attn_cli.program import Program, Step, Table
from attn_cli.transforms.rewriting import same

SU = "Su 2021, equation 15"

BASES = (10_000.0, 500_000.0, 1_000_000.0, 1_000.0)
"""Bases that models are trained with."""


def _missing(setting: Setting) -> Iterable[Setting]:
    if setting.choices.rope is not None:
        yield setting.chosen(rope=None)


def _pairing(setting: Setting) -> Iterable[Setting]:
    rope = setting.choices.rope
    if rope is not None:
        yield setting.chosen(rope=rope._replace(interleaved=not rope.interleaved))


def _base(setting: Setting) -> Iterable[Setting]:
    rope = setting.choices.rope
    for base in BASES if rope is not None else ():
        if rope is not None and base != rope.base:
            yield setting.chosen(rope=rope._replace(base=base)).variant(f"base {base:g}")


def _moved(queries: Callable[[Setting], int], keys: Callable[[Setting], int]) -> Edit:
    """Positions of queries and of new keys that begin elsewhere."""

    def shifted(by: Callable[[Setting], int]) -> Callable[[Setting, Table], Callable[..., Any]]:
        def number(setting: Setting, table: Table) -> Callable[..., Any]:
            def at(maths: Any, *places: Any) -> Any:
                *before, row, pair = places
                return table.number(maths, *before, row + by(setting), pair)

            return at

        return number

    def edit(setting: Setting) -> Iterable[Setting]:
        if not queries(setting) and not keys(setting):
            return
        for turned in tabulated("q_angles", shifted(queries))(setting):
            yield from tabulated("k_angles", shifted(keys))(turned)

    return edit


def _offset(setting: Setting) -> int:
    offset = setting.choices.offset
    return 0 if isinstance(offset, tuple) else int(offset)


def _queries_alone(setting: Setting) -> Iterable[Setting]:
    if setting.has("k_turned"):
        yield from setting.rewriting({"k_turned": same})


def _values_too(setting: Setting) -> Iterable[Setting]:
    """Values are turned as keys are, where they are as wide and none is cached."""
    if not setting.has("k_turned") or setting.has("present_v"):
        return
    if setting.size("d") != setting.size("d_v"):
        return
    rope = setting.choices.rope
    name = "heads" if setting.has("heads") else "output"
    if rope is None or setting.program[name].operation != "contract":
        return

    def mixed(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        weights, value = operands
        turned = p.rotate(value, p["k_angles"], interleaved=rope.interleaved, name="v_turned")
        return p.record(step.operation, (weights, turned), step.axes, step.name, **step.options)

    yield from setting.rewriting({name: mixed})


def _after_the_cache(setting: Setting) -> Iterable[Setting]:
    """Keys of the cache, which are turned already, are turned with the new ones again."""
    rope = setting.choices.rope
    if rope is None or not setting.has("k_turned", "present_k"):
        return

    def present(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        over = step.options["over"]
        joined = p.record("concat", operands, step.axes, "keys_together", over=over)
        table = angles(Placing(0, "j"), rope.base, p.sizes["d"])
        by = p.tabulate(table, (over, "d_half"), name="present_angles")
        return p.rotate(joined, by, interleaved=rope.interleaved, name=step.name)

    yield from setting.rewriting({"k_turned": same, "present_k": present})


TURNED = {
    True: ("Numbers 2c and 2c + 1 of a row are turned together.", "Numbers 2c and 2c + 1 are."),
    False: ("Numbers c and c + d/2 of a row are turned together.", "Numbers c and c + d/2 are."),
}
"""Which numbers are a pair, where they are interleaved and where not: as done, and as meant."""


def _tells_pairs(meant: Setting, done: Setting) -> Telling:
    before, now = (one.choices.rope for one in (meant, done))
    assert before is not None, "there are pairs where rows are turned"
    assert now is not None, "there are pairs where rows are turned"
    return Telling(
        said(TURNED[now.interleaved][0]),
        said(TURNED[before.interleaved][1]),
        f"‹rope {'interleaved' if now.interleaved else 'half-split'}›",
    )


def _tells_base(meant: Setting, done: Setting) -> Telling:
    before, now = (one.choices.rope for one in (meant, done))
    assert before is not None, "there is a base where rows are turned"
    assert now is not None, "there is a base where rows are turned"
    return Telling(
        said("The base of the angles is {base}.", base=f"{now.base:g}"),
        said("It is {base}.", base=f"{before.base:g}"),
        f"‹rope_base {now.base:g}›",
    )


def _tells_restart(meant: Setting, done: Setting) -> Telling:
    if "m_past" in meant.program.sizes:
        return Telling(
            said("Positions of new queries and keys begin at 0 though there is a cache."),
            said("They follow the cached ones."),
        )
    return Telling(
        said("Positions of the queries begin at 0."),
        said("They begin at {place}.", place=_offset(meant)),
    )


def _tells_queries_alone(meant: Setting, done: Setting) -> Telling:
    if "m_past" in meant.program.sizes:
        return Telling(said("Queries are turned, the new keys are not."), said("Both are."))
    return Telling(said("Queries are turned, keys are not."), said("Both are."))


FAULTS = (
    Fault(
        "rope-missing",
        "Queries and keys are not turned by their positions.",
        "They are.",
        _missing,
        "a call without apply_rotary_pos_emb",
        "without ‹rope›",
        SU,
    ),
    Fault(
        "rope-pairing",
        "Other numbers of a row are a pair: halves for neighbours, or neighbours for halves.",
        "Pairs are as ‹rope› says.",
        _pairing,
        "rotate_half(x) with weights of an interleaved model",
        "‹rope interleaved›, or without it",
        "Su 2021, equation 34 (neighbours); GPT-NeoX and Hugging Face (halves)",
        _tells_pairs,
    ),
    Fault(
        "rope-base",
        "The angles have another base.",
        "It is that of ‹rope_base›, 10,000 unless said.",
        _base,
        "config.rope_theta is not read",
        "‹rope_base›",
        SU,
        _tells_base,
    ),
    Fault(
        "rope-positions-from-1",
        "Positions of queries and of new keys are counted from 1 more than they are.",
        "The first position is 0.",
        _moved(lambda setting: 1, lambda setting: 1),
        "position_ids = attention_mask.cumsum(-1)",
        "",
        "Hugging Face: cumsum(-1) - 1",
    ),
    Fault(
        "rope-positions-restart",
        "Positions of new queries and keys begin at 0 though there is a cache.",
        "They follow the cached ones.",
        _moved(lambda s: -_offset(s), lambda s: -s.size("m_past", 0)),
        "position_ids = torch.arange(q_len)",
        "",
        "Hugging Face: cache_position",
        _tells_restart,
    ),
    Fault(
        "rope-queries-alone",
        "Queries are turned, keys are not.",
        "Both are.",
        _queries_alone,
        "q = apply_rotary(q, cos, sin)",
        "",
        SU,
        _tells_queries_alone,
    ),
    Fault(
        "rope-on-values",
        "Values are turned too.",
        "Queries and keys alone are.",
        _values_too,
        "qkv = apply_rotary(qkv, cos, sin)",
        "",
        SU,
    ),
    Fault(
        "rope-after-cache",
        "Cached keys are turned again with the new ones.",
        "They were turned when they came.",
        _after_the_cache,
        "k = apply_rotary(torch.cat([past_k, k], dim=-2), cos, sin)",
        "",
        "Hugging Face: keys are cached after the rotation",
    ),
)
"""Faults of rotary positions."""
