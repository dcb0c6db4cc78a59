"""Faults of where a mask's parts lie: diagonals, windows, padding; and what is said of a mask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from attn_cli import masks
from attn_cli.errors import AttnError
from attn_cli.faults.fault import Array, Edit, Fault, Part, Setting, Telling, Tells
from attn_cli.language import said
from attn_cli.masks import Board, Expression, Mask
from attn_cli.masks.expressions import Call, Inverted, Joined
from attn_cli.masks.mask import moved
from attn_cli.masks.placed import Offset

WHOLE = "whole mask"
"""Stands among the steps that a fault has touched: only one fault changes the mask as a whole."""

MOST_PAIRS = 2**20
"""Pairs of a mask, of all batch rows and heads, up to which two are held against each other."""


def whole_mask(setting: Setting, mask: Mask | None) -> Iterable[Setting]:
    """Another mask, or none; nothing where another fault has changed it already."""
    if WHOLE not in setting.touched and not setting.parts:
        yield setting.chosen(mask=mask).but(touched=setting.touched | {WHOLE})


def expression_of(setting: Setting) -> Expression | None:
    """The mask by its name, which can be read again; None of a table, and where there is none."""
    mask = setting.choices.mask
    try:
        return None if mask is None else masks.read(mask.name, "‹mask›")
    except AttnError:
        return None


def mask_table(setting: Setting, mask: Mask | None = None) -> Array | None:
    """Which pairs a mask keeps, (batch, heads, n, m); None where there are too many.

    mask: another one than that of the run.
    """
    mask = mask or setting.choices.mask
    sizes = [setting.size(axis) for axis in ("b", "h", "n", "m")]
    if mask is None or np.prod(sizes, dtype=object) > MOST_PAIRS:
        return None
    batches, heads, n, m = sizes
    i, j = np.arange(n)[:, None], np.arange(m)[None, :]
    tables = [[mask.allows(i, j, b, h) for h in range(heads)] for b in range(batches)]
    return np.broadcast_to(np.array(tables), sizes)


def _alike(setting: Setting, one: Mask, other: Mask) -> bool:
    """Whether two masks keep the same pairs, as far as these can be looked at."""
    first, second = mask_table(setting, one), mask_table(setting, other)
    return first is not None and second is not None and bool((first == second).all())


def option_of(done: Setting) -> str:
    """How the mask of a run is asked for; "" where its name does not give the same pairs."""
    mask = done.choices.mask
    if mask is None:
        return said("without a mask")
    expression = expression_of(done)
    try:
        again = None if expression is None else expression.on(done.board)
    except AttnError:
        return ""
    if again is None or not _alike(done, mask, again):
        return ""
    return said("{option} as the only mask", option=f'‹mask "{mask.name}"›')


def tells_mask(does: str, meant: str) -> Tells:
    """Two sentences that hold of every mask, and how the mask is asked for."""
    return lambda meant_run, done: Telling(said(does), said(meant), option_of(done))


def mask_words(setting: Setting) -> str:
    """The mask that was meant, in a sentence."""
    mask = setting.choices.mask
    if mask is None:
        return said("Every key may be attended.")
    if expression_of(setting) is None:
        return said("The mask is the table that was given.")
    return said("The mask is {name}.", name=mask.name)


def _parts(setting: Setting, kinds: Iterable[str], part: Part) -> Iterable[Setting]:
    """Masks of some kinds made otherwise, wherever they stand in the whole mask."""
    wanted = frozenset(kinds)
    expression = setting.meant_mask or expression_of(setting)
    if expression is None or any(wanted & before for before, _ in setting.parts):
        return
    if not any(call.kind.name in wanted for call in expression.calls()):
        return
    parts = (*setting.parts, (wanted, part))

    def build(call: Call, board: Board) -> Mask:
        own = next((make for names, make in parts if call.kind.name in names), None)
        return _usual(call, board) if own is None else own(call, board)

    try:
        made = expression.on(setting.board, build)
    except AttnError:
        return
    yield setting.chosen(mask=made).but(parts=parts, meant_mask=expression)


def _usual(call: Call, board: Board) -> Mask:
    made: Mask = call.kind.build(board, *call.numbers)
    return made


def _of_parts(*kinds: str) -> Callable[[Part], Edit]:
    """An edit that makes masks of some kinds otherwise."""
    return lambda part: lambda setting: _parts(setting, kinds, part)


def _calls(setting: Setting, *kinds: str) -> list[Call]:
    """The masks of some kinds in the mask that was meant."""
    expression = expression_of(setting)
    return [call for call in expression.calls() if call.kind.name in kinds] if expression else []


def _shifted(by: int) -> Edit:
    """Causal masks whose diagonal lies elsewhere."""

    def part(call: Call, board: Board) -> Mask:
        offset = board.offset
        if isinstance(offset, tuple):
            return _usual(call, board._replace(offset=tuple(one + by for one in offset)))
        return _usual(call, board._replace(offset=offset + by))

    return _of_parts("causal")(part)


def _tells_shift(by: int) -> Tells:
    def tells(meant: Setting, done: Setting) -> Telling:
        calls = _calls(meant, "causal")
        offset: Any = meant.choices.offset
        if calls and calls[0].offset is not None:
            offset = calls[0].offset
        own = "i + offset" if isinstance(offset, tuple) else moved("i", offset)
        reach = f"{own} {'+' if by > 0 else '-'} {abs(by)}"
        if not isinstance(offset, tuple):
            reach = moved("i", offset + by)
        does = said("causal lets query i see the keys up to {reach}.", reach=reach)
        right = said("It ends at {reach}.", reach=own)
        return Telling(does, right, option_of(done))

    return tells


def remade(setting: Setting, offset: Offset) -> Mask | None:
    """The mask with its queries at other positions; None of a table, and where it has no place."""
    expression = expression_of(setting)
    if expression is None or not any(call.kind.placed for call in expression.calls()):
        return None

    def build(call: Call, board: Board) -> Mask:
        return _usual(call, board._replace(offset=offset) if call.kind.placed else board)

    try:
        return expression.on(setting.board, build)
    except AttnError:
        return None


def _aligned(target: Callable[[Setting], int | None]) -> Edit:
    """Queries lined up with the keys otherwise."""

    def edit(setting: Setting) -> Iterable[Setting]:
        place = target(setting)
        if place is None or place == setting.choices.offset:
            return
        mask = remade(setting, place)
        if mask is not None:
            yield from whole_mask(setting, mask)

    return edit


def _bottom_right(setting: Setting) -> int | None:
    """The place of the first query where the last stands at the last key."""
    return setting.size("m") - setting.size("n") or None


def _tells_place(target: Callable[[Setting], int | None]) -> Tells:
    def tells(meant: Setting, done: Setting) -> Telling:
        offset = meant.choices.offset
        if isinstance(offset, tuple):
            right = said(
                "It stands at i + {offsets}, by batch row.", offsets=", ".join(map(str, offset))
            )
        else:
            right = said("It stands at position {place}.", place=moved("i", offset))
        place = target(meant) or 0
        does = said("In the mask query i stands at position {place}.", place=moved("i", place))
        alone = meant.choices.rope is None and meant.choices.bias is None
        return Telling(does, right, f"‹offset {place}›" if alone else "")

    return tells


def _causal_added(setting: Setting) -> Iterable[Setting]:
    mask = setting.choices.mask
    if "mask" not in setting.mechanism.takes or not setting.has("scores"):
        return
    causal = masks.causal(setting.choices.offset)
    both = causal if mask is None else mask & causal
    if mask is None or not _alike(setting, both, mask):
        yield from whole_mask(setting, both)


def _causal_instead(setting: Setting) -> Iterable[Setting]:
    """A causal mask that keeps pairs which the mask that was meant does not."""
    mask = setting.choices.mask
    if mask is None or "mask" not in setting.mechanism.takes:
        return
    causal = masks.causal(setting.choices.offset)
    if not _alike(setting, mask & causal, causal):
        yield from whole_mask(setting, causal)


def _tells_causal(does: str) -> Tells:
    return lambda meant, done: Telling(
        said(does),
        mask_words(meant),
        "‹causal True›" if meant.choices.mask is None else option_of(done),
    )


def _polarity(setting: Setting) -> bool | None:
    """How lengths stand in the mask: True as a part by and, False the opposite of one, else None.

    Elsewhere, as in window(3) | lengths(2), they are no padding.
    """
    expression = setting.meant_mask or expression_of(setting)
    waiting: list[Any] = [] if expression is None else [expression.root]
    found: list[bool | None] = []
    while waiting:
        node = waiting.pop()
        if isinstance(node, Joined) and node.operator == "&":
            waiting += [node.left, node.right]
        elif isinstance(node, Call):
            found += [True] * (node.kind.name == "lengths")
        elif isinstance(node, Inverted) and isinstance(node.inner, Call):
            found += [False] * (node.inner.kind.name == "lengths")
        elif expression is not None:
            inside = Expression(expression.text, expression.option, node).calls()
            found += [None] * any(call.kind.name == "lengths" for call in inside)
    return found[0] if len(found) == 1 else None


def _padding(part: Callable[[Call, Board, bool], Mask]) -> Edit:
    """Lengths that stand for padding, made otherwise; before the keys where they are inverted."""

    def edit(setting: Setting) -> Iterable[Setting]:
        behind = _polarity(setting)
        if behind is not None:
            yield from _parts(setting, ("lengths",), lambda call, board: part(call, board, behind))

    return edit


def _of_queries(call: Call, board: Board, behind: bool) -> Mask:
    counts = call.numbers
    made = masks.lengths(counts)
    several = len(counts) > 1
    return made._replace(allows=lambda i, j, b, h: (i < counts[b if several else 0]) & (j >= 0))


def _other_side(call: Call, board: Board, behind: bool) -> Mask:
    """Padding on the other side of the keys: as many keys from the other end."""
    counts = call.numbers
    several = len(counts) > 1
    made = masks.lengths(counts)
    return made._replace(allows=lambda i, j, b, h: j >= board.m - counts[b if several else 0])


def _no_padding(call: Call, board: Board, behind: bool) -> Mask:
    """Every key, or where lengths are inverted none: the mask without its padding."""
    made = _usual(call, board)
    return made._replace(allows=lambda i, j, b, h: ((i >= 0) & (j >= 0)) == behind, reach=None)


def _tells_other_side(meant: Setting, done: Setting) -> Telling:
    if _polarity(meant):
        return Telling(
            said("Padding is taken to stand before the keys."), said("It stands behind them.")
        )
    return Telling(
        said("Padding is taken to stand behind the keys."), said("It stands before them.")
    )


def _wider(by: int) -> Edit:
    """Windows and reaches that take another number of keys."""
    return _of_parts("window", "left")(
        lambda call, board: call.kind.build(board, max(call.numbers[0] + by, 0))
    )


def _tells_window(by: int) -> Tells:
    """A window or a reach in the place of another, by their names."""

    def tells(meant: Setting, done: Setting) -> Telling:
        (call, *_) = _calls(meant, "window", "left")
        name, count = call.kind.name, call.numbers[0]
        does = said(
            "{other} stands in the place of {own}.",
            other=f"{name}({max(count + by, 0)})",
            own=f"{name}({count})",
        )
        right = "{own} counts the query's own key."
        if name == "left":
            right = "{own} counts the keys before the query's own."
        return Telling(does, said(right, own=f"{name}({count})"), option_of(done))

    return tells


def _tells_no_window(meant: Setting, done: Setting) -> Telling:
    (call, *_) = _calls(meant, "window")
    own = f"window({call.numbers[0]})"
    return Telling(
        said("{own} is left out: causal stands in its place.", own=own),
        said("{own} keeps the last {count} keys.", own=own, count=call.numbers[0]),
        option_of(done),
    )


FAULTS = (
    Fault(
        "causal-strict",
        "A query does not see its own position.",
        "It sees itself and all before.",
        _shifted(-1),
        "torch.tril(torch.ones(n, n), diagonal=-1)",
        "",
        "Vaswani 2017, section 3.2.3",
        _tells_shift(-1),
    ),
    Fault(
        "causal-plus-one",
        "A query sees the position after its own.",
        "It sees itself and all before.",
        _shifted(1),
        "torch.tril(torch.ones(n, n), diagonal=1)",
        "",
        "Vaswani 2017, section 3.2.3",
        _tells_shift(1),
    ),
    Fault(
        "causal-top-left",
        "The first query is lined up with the first key.",
        "The queries follow the cached keys, or end with the last key.",
        _aligned(lambda setting: 0),
        "F.scaled_dot_product_attention(q, k, v, is_causal=True)",
        "‹align top-left›",
        "torch and JAX are top-left; FlashAttention since 2.1 is bottom-right",
        _tells_place(lambda setting: 0),
    ),
    Fault(
        "causal-bottom-right",
        "The last query is lined up with the last key.",
        "The first query is lined up with the first key.",
        _aligned(_bottom_right),
        "flash_attn_func(q, k, v, causal=True)",
        "‹align bottom-right›",
        "FlashAttention since 2.1; torch and JAX are top-left",
        _tells_place(_bottom_right),
    ),
    Fault(
        "causal-added",
        "A causal mask is laid over the attention.",
        "Later keys may be attended.",
        _causal_added,
        "F.scaled_dot_product_attention(q, k, v, is_causal=True)",
        "‹causal›",
        "Vaswani 2017, section 3.2.3",
        _tells_causal("A causal mask is laid over the attention."),
    ),
    Fault(
        "causal-instead",
        "A causal mask stands in the place of the one that was meant.",
        "The mask that was given decides.",
        _causal_instead,
        "F.scaled_dot_product_attention(q, k, v, is_causal=True), without attn_mask=",
        "‹causal›",
        "Vaswani 2017, section 3.2.3",
        _tells_causal("A causal mask stands in the place of the one that was meant."),
    ),
    Fault(
        "window-plus-one",
        "The window has one key more.",
        "Its number of keys counts the query's own.",
        _wider(1),
        "flash_attn_func(q, k, v, window_size=(w, 0))",
        "",
        "FlashAttention lets window_size keys before the own through; Hugging Face counts it",
        _tells_window(1),
    ),
    Fault(
        "window-minus-one",
        "The window has one key less.",
        "Its number of keys counts the query's own.",
        _wider(-1),
        "(i - j < w - 1) & (j <= i)",
        "",
        "Beltagy 2020, section 3.1",
        _tells_window(-1),
    ),
    Fault(
        "window-both-sides",
        "The window reaches as far ahead as back.",
        "It looks back only.",
        _of_parts("window")(lambda call, board: masks.local_m(call.numbers[0] - 1, board.offset)),
        "(i - j).abs() < w",
        "",
        "Beltagy 2020, section 3.1",
        tells_mask("The window reaches as far ahead as back.", "It looks back only."),
    ),
    Fault(
        "window-with-future",
        "The window bounds the keys before a query alone: it sees all after it.",
        "It looks back only.",
        _of_parts("window")(lambda call, board: masks.left(call.numbers[0] - 1, board.offset)),
        "i - j < w",
        "",
        "Beltagy 2020, section 3.1",
        tells_mask(
            "The window bounds the keys before a query alone: it sees all after it.",
            "It looks back only.",
        ),
    ),
    Fault(
        "window-missing",
        "The window is left out: all keys before a query are seen.",
        "The last keys alone are.",
        _of_parts("window")(lambda call, board: masks.causal(board.offset)),
        "F.scaled_dot_product_attention(q, k, v, is_causal=True)",
        "",
        "Beltagy 2020, section 3.1",
        _tells_no_window,
    ),
    Fault(
        "padding-of-queries",
        "Padding masks queries: its rows are empty.",
        "It masks keys: nobody attends padding.",
        _padding(_of_queries),
        "scores.masked_fill(~padding[:, None, :, None], -inf)",
        "",
        "torch, MultiheadAttention: key_padding_mask",
    ),
    Fault(
        "padding-left",
        "Padding is taken to stand before the keys.",
        "It stands behind them.",
        _padding(_other_side),
        'tokenizer.padding_side = "left"',
        "",
        "Hugging Face: padding_side",
        _tells_other_side,
    ),
    Fault(
        "padding-missing",
        "Padding is attended.",
        "It is masked.",
        _padding(_no_padding),
        "a call without attention_mask",
        "",
        "torch, MultiheadAttention: key_padding_mask",
    ),
)
"""Faults of parts of a mask."""
