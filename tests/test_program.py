"""The vocabulary: axes, patterns, shape rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attn_cli.errors import ShapeError
from attn_cli.program import OPERATIONS, Program, Sizes
from attn_cli.program.patterns import parse


def sizes(**known: int) -> Sizes:
    """Sizes bound by hand."""
    bound = Sizes()
    for axis, size in known.items():
        bound.bind(axis, size, "test")
    return bound


def test_pattern() -> None:
    """A pattern names the last axes of each operand; `...` stands for the others."""
    read = parse("... n (h d), (h d) o -> ... n o")
    assert [term.axes for term in read.operands] == [("n", "(h d)"), ("(h d)", "o")]
    assert [term.open for term in (*read.operands, read.result)] == [True, False, True]


def test_shared_axes_are_a_union_by_name() -> None:
    """Batch and heads of both operands stand in the result once, in order."""
    p = Program(sizes(b=2, h=3, n=4, m=5, d=6))
    q = p.input(("b", "h", "n", "d"), name="q")
    k = p.input(("h", "m", "d"), name="k")
    scores = p.contract("... n d, ... m d -> ... n m", q, k, name="scores")
    assert scores.axes == ("b", "h", "n", "m")
    assert p.shape(scores) == (2, 3, 4, 5)


@pytest.mark.parametrize("swapped", [False, True])
def test_grouped_axes_meet_their_parts(swapped: bool) -> None:
    """An axis laid out as (h_kv group_size) absorbs an operand's h_kv, on either side."""
    bound = sizes(h_kv=2, group_size=3, n=4, m=5, d=6)
    bound.group("h", ("h_kv", "group_size"))
    p = Program(bound)
    bound.bind("h", 6, "test")
    q = p.input(("h", "n", "d"), name="q")
    k = p.input(("h_kv", "m", "d"), name="k")
    pattern, operands = "... n d, ... m d -> ... n m", (q, k)
    if swapped:
        pattern, operands = "... m d, ... n d -> ... n m", (k, q)
    step = p.contract(pattern, *operands, name="scores")
    assert step.axes == ("h", "n", "m")
    assert set(step.options["makes"]) == {"h_kv", "group_size", "n", "m"}


def test_renaming_binds_the_new_name() -> None:
    """Keys made from the rows that ask: axis m gets the size of n."""
    p = Program(sizes(n=4, c=3, d=2))
    x = p.input(("n", "c"), name="x")
    w = p.input(("c", "d"), name="w")
    keys = p.contract("... m c, c d -> ... m d", x, w, name="k")
    assert keys.axes == ("m", "d")
    assert p.sizes["m"] == 4


def test_a_size_that_disagrees_names_both_sources() -> None:
    """The message holds both arrays, their shapes, the axis in words, and a hint."""
    bound = Sizes()
    bound.bind_all("q", ("n", "d"), (2, 3))
    with pytest.raises(ShapeError) as error:
        bound.bind_all("k", ("m", "d"), (2, 2))
    assert str(error.value) == (
        "The arrays disagree on the width d of queries and keys: q is 2×3 (d = 3), "
        "k is 2×2 (d = 2).\nKeys need one number for each number of a query. "
        "Is one of them transposed, or does a mode with a matrix of its own fit (mode='general')?"
    )


@given(heads=st.integers(1, 5), width=st.integers(1, 5))
def test_packed_axes_divide(heads: int, width: int) -> None:
    """(h d) of a known h gives d, when it divides."""
    bound = sizes(h=heads)
    bound.bind("(h d)", heads * width, "q")
    assert bound["d"] == width
    assert bound["(h d)"] == heads * width


def test_packed_axes_that_do_not_divide() -> None:
    """The message shows the remainder and the numbers of heads that fit."""
    bound = Sizes()
    bound.bind("h", 3, "--heads")
    with pytest.raises(ShapeError) as error:
        bound.bind("(h d)", 8, "q is 2×8")
    assert str(error.value) == (
        "3 heads (--heads) can't share a width of 8 equally (q is 2×8): 8 = 3 × 2 + 2.\n"
        "Numbers of heads that fit this width: 1, 2, 4, 8."
    )


def test_two_unknown_parts_are_refused() -> None:
    """(h d) alone tells neither h nor d."""
    with pytest.raises(ShapeError, match="h and d can't be told apart"):
        Sizes().bind("(h d)", 8, "q")


def test_names_are_unique() -> None:
    """Step names are public, so two steps can't share one."""
    p = Program(sizes(n=2))
    p.input(("n",), name="q")
    with pytest.raises(ValueError, match="two steps are called q"):
        p.input(("n",), name="q")


def test_a_pattern_that_does_not_fit_is_refused() -> None:
    """An operand with fewer axes than its pattern is a mistake in a mechanism."""
    p = Program(sizes(n=2))
    q = p.input(("n",), name="q")
    with pytest.raises(ValueError, match="does not fit the pattern"):
        p.rearrange("... n d -> ... d n", q, name="turned")


def test_every_operation_is_a_method() -> None:
    """The list of operations and the methods of Program are the same vocabulary."""
    assert all(callable(getattr(Program, name)) for name in OPERATIONS)


def test_a_step_reads_like_a_line_of_its_program() -> None:
    """For debugging, a step shows its name, axes, operation and operands."""
    p = Program(sizes(n=2, d=3))
    q = p.input(("n", "d"), name="q")
    assert repr(p.scale(q, by=2, name="twice")) == "twice[n d] = scale(q)"


def test_steps_have_roles() -> None:
    """What a step is to a reader follows from the program, not from its name."""
    from attn_cli.costs.symbolic import Shape, symbolic_program
    from attn_cli.mechanisms import MECHANISMS, Choices

    for mechanism in MECHANISMS:
        program = symbolic_program(mechanism, Shape(n=3, d=8)).program
        roles = {program.role(step) for step in program}
        assert "input" in roles
        assert program.role(program.output) in ("output", "weights")
        assert (program.last("weights") is not None) == (mechanism.looks is not None)
    near = Shape(n=3, d=8, choices=Choices(local_p=1))
    program = symbolic_program(MECHANISMS[0], near).program
    weights = program.last("weights")
    assert weights is not None
    assert weights.name == "local_weights"
    assert any(weights in step.operands for step in program if step.operation == "contract")
