"""Masks against brute force: loops over pairs that share no code with the predicates."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import log2

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from attn_cli import masks
from attn_cli.errors import AttnError
from attn_cli.masks import Board
from attn_cli.readings.coverage import cover

SIDES = range(1, 10)
Keeps = Callable[[int, int], bool]


def table(mask: masks.Mask, n: int, m: int, batch: int = 0) -> list[list[bool]]:
    """Ask a mask about each pair, one by one."""
    return [[bool(mask.allows(i, j, batch, 0)) for j in range(m)] for i in range(n)]


def at_once(mask: masks.Mask, n: int, m: int, batch: int = 0) -> list[list[bool]]:
    """Ask a mask about all pairs together."""
    i, j = np.arange(n, dtype=np.int32)[:, None], np.arange(m, dtype=np.int32)[None, :]
    return np.broadcast_to(mask.allows(i, j, batch, 0), (n, m)).tolist()


def cells(size: int, length: int) -> list[list[int]]:
    """Positions cut into blocks of one size."""
    return [list(range(a, min(a + size, length))) for a in range(0, length, size)]


def in_one_block(size: int) -> Keeps:
    """Whether two positions are in one of the blocks that tile the line, beyond 0 too."""
    starts = [size * place for place in range(-30, 30)]
    return lambda p, j: any(s <= p < s + size and s <= j < s + size for s in starts)


def image(width: int, reach: int) -> Keeps:
    """Whether two tokens are near each other in an image."""
    place = {r * width + c: (r, c) for r in range(-30, 30) for c in range(width)}

    def near(p: int, j: int) -> bool:
        (r, c), (s, d) = place[p], place[j]
        return r - reach <= s <= r + reach and c - reach <= d <= c + reach

    return near


def powers_before(p: int, j: int) -> bool:
    """Whether j is p, or a power of two before it."""
    return p == j or (j < p and log2(p - j).is_integer())


BRUTE: dict[str, Callable[[tuple[int, ...]], Keeps]] = {
    "causal": lambda _: lambda p, j: j in range(p + 1),
    "window": lambda a: lambda p, j: j in [p - back for back in range(a[0])],
    "left": lambda a: lambda p, j: j not in range(-30, p - a[0]),
    "right": lambda a: lambda p, j: j not in range(p + a[0] + 1, 60),
    "local-m": lambda a: lambda p, j: j in range(p - a[0], p + a[0] + 1),
    "prefix": lambda a: lambda p, j: j in range(a[0]) or j in range(p + 1),
    "block": lambda a: in_one_block(a[0]),
    "dilation": lambda a: lambda p, j: j in [p + a[0] * hop for hop in range(-30, 30)],
    "stride": lambda a: (
        lambda p, j: (
            j in [p - back for back in range(a[0])] or j in [p - a[0] * hop for hop in range(30)]
        )
    ),
    "log-sparse": lambda _: powers_before,
    "global": lambda a: lambda p, j: p in a or j in a,
    "neighbourhood": lambda a: image(*a),
}
NUMBERS: dict[str, list[tuple[int, ...]]] = {
    "causal": [()],
    "window": [(w,) for w in range(1, 11)],
    "left": [(w,) for w in range(10)],
    "right": [(w,) for w in range(10)],
    "local-m": [(w,) for w in range(10)],
    "prefix": [(w,) for w in range(10)],
    "block": [(w,) for w in range(1, 11)],
    "dilation": [(w,) for w in range(1, 11)],
    "stride": [(w,) for w in range(1, 11)],
    "log-sparse": [()],
    "global": [(0,), (2,), (0, 3), (1, 2, 8)],
    "neighbourhood": [(w, r) for w in range(1, 6) for r in range(4)],
}
APART = {
    "lengths": "test_lengths",
    "random": "test_random_blocks",
    "documents": "test_documents",
}


def test_every_mask_is_checked() -> None:
    """A new mask needs a brute-force rule, or a test of its own."""
    assert {kind.name for kind in masks.KINDS} == set(BRUTE) | set(APART)
    assert all(name in globals() for name in APART.values())


def fits(name: str, numbers: tuple[int, ...], m: int) -> bool:
    """Whether a board of m keys has room for the numbers."""
    if name == "global":
        return max(numbers) < m
    return name != "prefix" or numbers[0] <= m


@pytest.mark.parametrize("name", BRUTE)
@pytest.mark.parametrize("n", SIDES)
def test_every_predicate_keeps_what_a_loop_keeps(name: str, n: int) -> None:
    """For all n, m up to 9, all numbers and some offsets, one by one and all at once."""
    kind = masks.MASKS.find(name)
    assert kind is not None
    for m, numbers, offset in product(SIDES, NUMBERS[name], (0, 3, -2)):
        if not fits(name, numbers, m):
            continue
        mask = kind.build(Board(n, m, offset), *numbers)
        keeps = BRUTE[name](numbers)
        expected = [[bool(keeps(i + offset, j)) for j in range(m)] for i in range(n)]
        assert at_once(mask, n, m) == table(mask, n, m) == expected, (mask.name, n, m)


@pytest.mark.parametrize("name", [kind.name for kind in masks.KINDS if kind.placed])
def test_each_batch_row_has_its_own_offset(name: str) -> None:
    """An offset for each batch row is the mask with that offset, row by row."""
    kind = masks.MASKS.find(name)
    assert kind is not None
    numbers = (0, 0, 1, 1, 2, 2) if name == "documents" else (2, 1, 0)[: len(kind.parameters)]
    both = kind.build(Board(3, 6, (0, 2), 2), *numbers)
    assert both.varies == {"b"}
    for batch, offset in enumerate((0, 2)):
        alone = kind.build(Board(3, 6, offset), *numbers)
        assert at_once(both, 3, 6, batch) == at_once(alone, 3, 6)
        assert table(both, 3, 6, batch) == table(alone, 3, 6)


def test_lengths() -> None:
    """The first keys are real, the rest padding; one length holds for every batch row."""
    mask = masks.lengths([1, 3])
    assert table(mask, 1, 4, batch=0) == [[True, False, False, False]]
    assert table(mask, 1, 4, batch=1) == [[True, True, True, False]]
    assert table(masks.lengths([2]), 1, 3, batch=5) == [[True, True, False]]


@pytest.mark.parametrize("ids", [(0, 0, 1, 1, 1), (3,), (0, 1, 0, 2, 2, 0), (7, 7, 7)])
def test_documents(ids: tuple[int, ...]) -> None:
    """A query sees the keys with its own document's number; beyond the documents, nothing."""
    m = len(ids)
    for n, offset in product(SIDES, (0, 1, -1)):
        mask = masks.documents(ids, offset)
        own = [ids[i + offset] if 0 <= i + offset < m else None for i in range(n)]
        expected = [[document == ids[j] for j in range(m)] for document in own]
        assert at_once(mask, n, m) == table(mask, n, m) == expected


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 1), (2, 3), (3, 2), (4, 2)])
def test_random_blocks(size: int, count: int) -> None:
    """Queries of a block share their keys: whole blocks, as many as asked for, by the seed."""
    n, m = 7, 9
    found = at_once(masks.random_blocks(size, count, 0, m), n, m)
    for queries in cells(size, n):
        assert len({tuple(found[i]) for i in queries}) == 1
        chosen = [block for block in cells(size, m) if found[queries[0]][block[0]]]
        kept = {j for block in chosen for j in block}
        assert len(chosen) == count
        assert kept == {j for j in range(m) if found[queries[0]][j]}
    assert found == table(masks.random_blocks(size, count, 0, m), n, m)
    others = [at_once(masks.random_blocks(size, count, seed, m), n, m) for seed in range(5)]
    assert len({str(other) for other in others}) > 1


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 4, 5), (2, 1, 1, 5), (1, 3, 4, 1)])
def test_given(shape: tuple[int, ...]) -> None:
    """A table is read cell by cell; an axis of size 1 fits any position."""
    values = np.random.default_rng(0).random(shape) > 0.5
    mask = masks.given(values, "given")
    whole = np.broadcast_to(values, (2, 3, 4, 5))
    for b, h, i, j in np.ndindex(whole.shape):
        assert mask.allows(i, j, b, h) == whole[b, h, i, j]
    assert mask.varies == {a for a, size in zip("bh", shape[:2], strict=True) if size > 1}


def test_and_or_not() -> None:
    """Masks combine as sets do; names keep the brackets they need."""
    a, b, c = masks.causal(), masks.block(2), masks.global_tokens([2])
    one, two, three = (np.array(at_once(mask, 5, 5)) for mask in (a, b, c))
    for mask, expected, name in (
        (a & b, one & two, "causal & block(2)"),
        (a | b, one | two, "causal | block(2)"),
        ((a | b) & c, (one | two) & three, "(causal | block(2)) & global(2)"),
        (a & b | c, one & two | three, "causal & block(2) | global(2)"),
        (~(a & b), ~(one & two), "~(causal & block(2))"),
        (~a & ~~b, ~one & two, "~causal & block(2)"),
    ):
        assert mask.name == name
        assert at_once(mask, 5, 5) == table(mask, 5, 5) == expected.tolist()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("causal", "query i may attend keys 0 … i"),
        ("causal(offset=2)", "query i may attend keys 0 … i+2"),
        ("causal & window(3)", "query i may attend keys i-2 … i"),
        ("left(2) & right(1)", "query i may attend keys i-2 … i+1"),
        ("window(1)", "query i may attend key i alone"),
        ("left(2)", "query i may attend keys i-2 and later"),
        ("left(0) & right(0)", "query i may attend key i alone"),
        (
            "causal & left(3) & lengths(2)",
            "query i may attend keys i-3 … i; of these only the first 2 keys (the rest is padding)",
        ),
        ("window(2) & window(2, offset=-4)", "query i may attend no key"),
        ("block(4)", "query i may attend the keys in the block of 4 that i is in"),
        ("~causal", "query i may attend all keys but keys 0 … i"),
        (
            "(causal | block(2)) & left(1)",
            "(query i may attend keys 0 … i; or query i may attend the keys in the block of 2 that "
            "i is in); of these only keys i-1 and later",
        ),
        (
            "~(causal | block(2))",
            "every pair but those where (query i may attend keys 0 … i; or query i may attend the "
            "keys in the block of 2 that i is in)",
        ),
        ("~lengths(2)", "query i may attend all keys but the first 2 keys (the rest is padding)"),
        (
            "dilation(2) | global(0, 1)",
            "query i may attend every 2nd key, counted from i both ways; or tokens 0, 1 attend "
            "every key, and every query attends them",
        ),
    ],
)
def test_the_rule_in_words(text: str, words: str) -> None:
    """A range of keys is said as one range, however it was put together."""
    assert masks.read(text, "--mask").on(Board(4, 4)).says == words


ATOMS = st.sampled_from(
    [
        "causal",
        "window(2)",
        "left(1)",
        "right(0)",
        "prefix(1)",
        "block(2)",
        "dilation(2)",
        "stride(2)",
        "log_sparse",
        "global(0,3)",
        "random(2,1,seed=4)",
        "local-m(1)",
        "documents(0,0,1,1,1)",
        "neighbourhood(2,1)",
        "lengths(3)",
        "causal(offset=-1)",
    ]
)
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("~{}".format, ATOMS),
        st.builds("({} | {})".format, inner, inner),
        st.builds("({} & {})".format, inner, inner),
        st.builds("~({})".format, inner),
    ),
    max_leaves=6,
)


def test_named_numbers_in_any_place() -> None:
    """An offset may stand before other named numbers; these keep their own order."""
    board = Board(5, 6)
    for text, name in (
        ("window(offset=1, w=3)", "window(3, offset=1)"),
        ("random(2, 1, offset=1, seed=3)", "random(2, 1, 3, offset=1)"),
        ("random(size=2, count=1)", "random(2, 1, 0)"),
        ("log_sparse(offset=-1)", "log-sparse(offset=-1)"),
    ):
        assert masks.read(text, "--mask").on(board).name == name


@drawn(TEXTS)
def test_a_name_reads_as_the_same_mask(text: str) -> None:
    """What a mask is called is an expression for it."""
    board = Board(6, 5)
    mask = masks.read(text, "--mask").on(board)
    again = masks.read(mask.name, "--mask").on(board)
    assert again.name == mask.name
    assert at_once(again, 6, 5) == at_once(mask, 6, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "causal & wnidow(3)",
            "there is no mask 'wnidow'. Did you mean window?\n  causal & wnidow(3)\n           ^",
        ),
        ("window(-1)", "window(w): w is at least 1, not -1.\n  window(-1)\n  ^"),
        ("window()", "window(w) takes 1 whole number, and none is given.\n  window()\n  ^"),
        ("window", "window(w) takes 1 whole number, and none is given.\n  window\n  ^"),
        ("causal(1)", "causal takes no number, not 1.\n  causal(1)\n  ^"),
        (
            "random(1)",
            "random(size, count, seed=0) takes 2 to 3 whole numbers, not 1.\n  random(1)\n  ^",
        ),
        (
            "global()",
            "global(token, …) takes one whole number or more, and none is given.\n  global()\n  ^",
        ),
        (
            "lengths(9)",
            "every length must be between 0 and the 6 keys there are.\n  lengths(9)\n  ^",
        ),
        ("prefix(9)", "a prefix of 9 is longer than the 6 keys there are.\n  prefix(9)\n  ^"),
        ("global(6)", "there is no token 6: keys are counted from 0 to 5.\n  global(6)\n  ^"),
        (
            "documents(1)",
            "1 documents' numbers for 6 keys; each key needs one.\n  documents(1)\n  ^",
        ),
        ("random(3, 4)", "4 of 2 blocks of 3 keys can't be chosen.\n  random(3, 4)\n  ^"),
        ('"().__class__"', 'a mask has to stand here.\n  "().__class__"\n  ^'),
        ("causal.__class__", "this does not belong here.\n  causal.__class__\n        ^"),
        ("causal &", "a mask has to stand here.\n  causal &\n          ^"),
        ("causal and window(2)", "this does not belong here.\n  causal and window(2)\n         ^"),
        ("(causal", "this bracket is never closed.\n  (causal\n  ^"),
        ("window(3", "a comma or the closing bracket has to stand here.\n  window(3\n          ^"),
        (
            "window(x)",
            "window(w) has no x= here; known here: w=, offset=.\n  window(x)\n         ^",
        ),
        (
            "window(w=2, 3)",
            "numbers without a name stand before those with one.\n"
            "  window(w=2, 3)\n              ^",
        ),
        (
            "window(1.5)",
            "a comma or the closing bracket has to stand here.\n  window(1.5)\n          ^",
        ),
        ("window(², )", "a whole number has to stand here.\n  window(², )\n         ^"),
        (
            "window(9999999999999999)",
            "this number is beyond every array.\n  window(9999999999999999)\n         ^",
        ),
        (
            "window(999999999999)",
            "window(w): w is at most 536870912, not 999999999999.\n  window(999999999999)\n  ^",
        ),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    """A caret points at what is wrong, and every mask is listed with its numbers."""
    with pytest.raises(AttnError) as refused:
        masks.read(text, "--mask").on(Board(6, 6))
    first, _, known = str(refused.value).partition("\nMasks: ")
    assert first == f"--mask: {message}"
    assert known.startswith("causal, window(w), left(count), right(count), lengths(length, …), ")
    assert known.endswith("\nCombine masks by & (and) | (or) ~ (not) and brackets.")


@pytest.mark.parametrize("offset", ["2147483648", "536870913", "-999999999999999"])
def test_offsets_beyond_every_array(offset: str) -> None:
    """An offset that 32 bits can't hold is refused, not wrapped around."""
    with pytest.raises(AttnError, match="this offset is beyond every array"):
        masks.read(f"causal(offset={offset})", "--mask")
    most = masks.read("right(536870912, offset=536870912)", "--mask").on(Board(3, 3))
    assert at_once(most, 3, 3) == [[True] * 3] * 3


def test_many_masks_in_one_expression() -> None:
    """Long chains are refused before Python's recursion ends."""
    assert masks.read("|".join(["causal"] * 200), "--mask").on(Board(2, 2)).name
    with pytest.raises(AttnError, match="more than 200 masks can't be combined"):
        masks.read("|".join(["causal"] * 201), "--mask")


def test_too_many_tiles_are_refused() -> None:
    """Tiles that are counted apart are held in memory."""
    from attn_cli.errors import ImpossibleError

    with pytest.raises(ImpossibleError, match="tile=1 makes more than 16,777,216 tiles"):
        cover(masks.causal(), 5000, 5000, tile=1)


def test_brackets_too_deep() -> None:
    """Nesting ends before Python's own recursion does."""
    for text in ("~" * 60 + "causal", "(" * 60 + "causal" + ")" * 60):
        with pytest.raises(AttnError, match=r"more than 50 levels of \( \) and ~ can't be read"):
            masks.read(text, "--mask")
    with pytest.raises(AttnError, match="an expression has at most 200,000 signs"):
        masks.read("causal" + " " * 200_000, "--mask")


@drawn(TEXTS, st.integers(1, 8), st.integers(1, 4), st.integers(1, 4))
def test_coverage_counts_pairs_rows_and_tiles(text: str, n: int, tile: int, side: int) -> None:
    """Counts of keys, of tiles and of a raster's cells are those of the whole table."""
    m = 5
    mask = masks.read(text, "--mask").on(Board(n, m))
    whole = np.array(table(mask, n, m))
    found = cover(mask, n, m, tile=tile, side=side)
    assert found.keys[0, 0].tolist() == whole.sum(axis=1).tolist()
    assert (found.pairs, found.rows) == (whole.sum(), whole.any(axis=1).sum())
    squares = [
        whole[a : a + tile, c : c + tile] for a in range(0, n, tile) for c in range(0, m, tile)
    ]
    assert found.tiles is not None
    assert found.tiles.all == len(squares)
    assert found.tiles.kept == sum(bool(square.any()) for square in squares)
    assert found.tiles.full == sum(bool(square.all()) for square in squares)
    assert found.tiles.cells == sum(square.size for square in squares if square.any())
    rows = [whole[a : a + tile] for a in range(0, n, tile)]
    assert found.tiles.rows == sum(len(part) for part in rows if part.any())
    cells = [
        [whole[a : a + side, c : c + side] for c in range(0, m, side)] for a in range(0, n, side)
    ]
    assert found.raster[0, 0].tolist() == [[int(cell.sum()) for cell in row] for row in cells]
    assert found.areas.tolist() == [[cell.size for cell in row] for row in cells]


def test_coverage_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of any number of queries count the same."""
    mask = masks.read("stride(3) | global(4)", "--mask").on(Board(11, 7))
    whole = cover(mask, 11, 7, tile=3, side=2)
    for pairs in (1, 14, 15, 40):
        monkeypatch.setattr("attn_cli.readings.coverage.BLOCK_PAIRS", pairs)
        part = cover(mask, 11, 7, tile=3, side=2)
        assert part.tiles == whole.tiles
        assert (part.keys == whole.keys).all()
        assert (part.raster == whole.raster).all()


def test_coverage_by_batch_and_head() -> None:
    """A mask that differs by batch row is counted for each; one that does not, once."""
    assert cover(masks.lengths([1, 3]), 2, 4, batch=2).keys.tolist() == [[[1, 1]], [[3, 3]]]
    assert cover(masks.lengths([2]), 2, 4, batch=2).keys.tolist() == [[[2, 2]]]
    values = np.array([[[[True, False]], [[True, True]]]])
    assert cover(masks.given(values, "given"), 3, 2, heads=2).keys.tolist() == [[[1] * 3, [2] * 3]]
