"""Faults of where a mask's parts lie: diagonals, windows, padding."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attn_cli import masks
from attn_cli.errors import AttnError
from attn_cli.faults.fault import Edit, Fault, Setting
from attn_cli.masks import Board, Mask
from attn_cli.masks.expressions import Call

Part = Callable[[Call, Board], Mask]


def _parts(setting: Setting, kinds: Iterable[str], part: Part) -> Iterable[Setting]:
    """Masks of some kinds made otherwise, wherever they stand in the whole mask."""
    whole = setting.choices.mask
    if whole is None:
        return
    try:
        expression = masks.read(whole.name, "‹mask›")
    except AttnError:
        # a table of booleans has no parts
        return
    wanted = {*kinds}
    if not any(call.kind.name in wanted for call in expression.calls()):
        return

    def build(call: Call, board: Board) -> Mask:
        if call.kind.name in wanted:
            return part(call, board)
        made: Mask = call.kind.build(board, *call.numbers)
        return made

    try:
        yield setting.chosen(mask=expression.on(setting.board, build))
    except AttnError:
        return


def _of_parts(*kinds: str) -> Callable[[Part], Edit]:
    """An edit that makes masks of some kinds otherwise."""
    return lambda part: lambda setting: _parts(setting, kinds, part)


def _moved(mask: Mask, by: Callable[[int], int]) -> Mask:
    """The mask of queries that stand elsewhere; by: how far, for each batch row."""
    return mask._replace(allows=lambda i, j, b, h: mask.allows(i + by(b), j, b, h), reach=None)


def _shifted(by: int) -> Edit:
    """Causal masks whose diagonal lies elsewhere."""
    return _of_parts("causal")(
        lambda call, board: _moved(call.kind.build(board, *call.numbers), lambda _: by)
    )


def _offset(setting: Setting, batch: int) -> int:
    offset = setting.choices.offset
    return int(offset[batch]) if isinstance(offset, tuple) else int(offset)


def _is_table(mask: Mask) -> bool:
    return mask.name == "given"


def _aligned(target: Callable[[Setting], int]) -> Edit:
    """Queries lined up with the keys otherwise."""

    def edit(setting: Setting) -> Iterable[Setting]:
        mask = setting.choices.mask
        if mask is None or _is_table(mask):
            return
        place = target(setting)
        yield setting.chosen(mask=_moved(mask, lambda batch: place - _offset(setting, batch)))

    return edit


def _causal_added(setting: Setting) -> Iterable[Setting]:
    mask = setting.choices.mask
    if "mask" in setting.mechanism.takes and setting.has("scores"):
        causal = masks.causal(setting.choices.offset)
        yield setting.chosen(mask=causal if mask is None else mask & causal)


def _of_queries(call: Call, board: Board) -> Mask:
    counts = call.numbers
    made = masks.lengths(counts)
    several = len(counts) > 1
    return made._replace(allows=lambda i, j, b, h: (i < counts[b if several else 0]) & (j >= 0))


def _from_the_left(call: Call, board: Board) -> Mask:
    counts = call.numbers
    several = len(counts) > 1
    made = masks.lengths(counts)
    return made._replace(allows=lambda i, j, b, h: j >= board.m - counts[b if several else 0])


def _everything(call: Call, board: Board) -> Mask:
    made: Mask = call.kind.build(board, *call.numbers)
    return made._replace(allows=lambda i, j, b, h: (i >= 0) & (j >= 0), reach=None)


def _wider(by: int) -> Edit:
    """Windows and reaches that take another number of keys."""
    return _of_parts("window", "left")(
        lambda call, board: call.kind.build(board, max(call.numbers[0] + by, 0))
    )


FAULTS = (
    Fault(
        "causal-strict",
        "A query does not see its own position.",
        "It sees itself and all before.",
        _shifted(-1),
        "torch.tril(torch.ones(n, n), diagonal=-1)",
        "‹offset› one less",
        "Vaswani 2017, section 3.2.3",
    ),
    Fault(
        "causal-plus-one",
        "A query sees the position after its own.",
        "It sees itself and all before.",
        _shifted(1),
        "torch.tril(torch.ones(n, n), diagonal=1)",
        "‹offset› one more",
        "Vaswani 2017, section 3.2.3",
    ),
    Fault(
        "causal-top-left",
        "The first query is lined up with the first key.",
        "The queries follow the cached keys, or end with the last key.",
        _aligned(lambda setting: 0),
        "F.scaled_dot_product_attention(q, k, v, is_causal=True)",
        "‹align top-left›",
        "torch and JAX are top-left; FlashAttention since 2.1 is bottom-right",
    ),
    Fault(
        "causal-bottom-right",
        "The last query is lined up with the last key.",
        "The first query is lined up with the first key.",
        _aligned(lambda setting: setting.size("m") - setting.size("n")),
        "flash_attn_func(q, k, v, causal=True)",
        "‹align bottom-right›",
        "FlashAttention since 2.1; torch and JAX are top-left",
    ),
    Fault(
        "causal-added",
        "A causal mask is laid over the attention.",
        "Later keys may be attended.",
        _causal_added,
        "F.scaled_dot_product_attention(q, k, v, is_causal=True)",
        "‹causal›",
        "Vaswani 2017, section 3.2.3",
    ),
    Fault(
        "window-plus-one",
        "The window has one key more.",
        "Its number of keys counts the query's own.",
        _wider(1),
        "flash_attn_func(q, k, v, window_size=(w, 0))",
        "‹window› one more",
        "FlashAttention lets window_size keys before the own through; Hugging Face counts it",
    ),
    Fault(
        "window-minus-one",
        "The window has one key less.",
        "Its number of keys counts the query's own.",
        _wider(-1),
        "(i - j < w - 1) & (j <= i)",
        "‹window› one less",
        "Beltagy 2020, section 3.1",
    ),
    Fault(
        "window-both-sides",
        "The window reaches as far ahead as back.",
        "It looks back only.",
        _of_parts("window")(lambda call, board: masks.local_m(call.numbers[0] - 1, board.offset)),
        "(i - j).abs() < w",
        "‹left› and ‹right›",
        "Beltagy 2020, section 3.1",
    ),
    Fault(
        "window-with-future",
        "The window bounds the keys before a query alone: it sees all after it.",
        "It looks back only.",
        _of_parts("window")(lambda call, board: masks.left(call.numbers[0] - 1, board.offset)),
        "i - j < w",
        "‹left›",
        "Beltagy 2020, section 3.1",
    ),
    Fault(
        "window-missing",
        "The window is left out: all keys before a query are seen.",
        "The last keys alone are.",
        _of_parts("window")(lambda call, board: masks.causal(board.offset)),
        "F.scaled_dot_product_attention(q, k, v, is_causal=True)",
        "‹causal›",
        "Beltagy 2020, section 3.1",
    ),
    Fault(
        "padding-of-queries",
        "The lengths mask queries: rows of padding are empty.",
        "They mask keys: nobody attends padding.",
        _of_parts("lengths")(_of_queries),
        "scores.masked_fill(~padding[:, None, :, None], -inf)",
        "",
        "torch, MultiheadAttention: key_padding_mask",
    ),
    Fault(
        "padding-left",
        "Padding is taken to stand before the keys.",
        "It stands behind them.",
        _of_parts("lengths")(_from_the_left),
        'tokenizer.padding_side = "left"',
        "",
        "Hugging Face: padding_side",
    ),
    Fault(
        "padding-missing",
        "Padding is attended.",
        "It is masked.",
        _of_parts("lengths")(_everything),
        "a call without attention_mask",
        "without ‹lengths›",
        "torch, MultiheadAttention: key_padding_mask",
    ),
)
"""Faults of parts of a mask."""
