"""Arrays of named axes in code: how they are made to meet, and how they are laid out."""

from __future__ import annotations

from attn_cli.program import ONE, Axes, Sizes, Step


def shape_of(axes: Axes, sizes: Sizes) -> str:
    """The sizes of axes as Python: (2, 7, 7)."""
    return repr(tuple(int(size) for size in sizes.shape(axes)))


def reshaped(text: str, axes: Axes, target: Axes, sizes: Sizes) -> str:
    """The same numbers in a row, laid out along other axes."""
    if sizes.shape(axes) == sizes.shape(target):
        return text
    return f"{text}.reshape{shape_of(target, sizes)}"


def permuted(text: str, axes: Axes, target: Axes) -> str:
    """The same axes in another order."""
    order = tuple(axes.index(axis) for axis in target)
    return text if axes == target else f"np.transpose({text}, {order})"


def fitted(text: str, axes: Axes, target: Axes, sizes: Sizes) -> str:
    """An array that broadcasts against the target's axes, by name."""
    own = tuple(axis for axis in axes if axis != ONE)
    expected = _without_leading_ones(tuple(a if a in own else ONE for a in target))
    if _without_leading_ones(axes) == expected and len(axes) <= len(target):
        return text
    text = permuted(reshaped(text, axes, own, sizes), own, tuple(a for a in target if a in own))
    if ONE not in expected:
        return text
    return f"{text}[{', '.join('None' if axis == ONE else ':' for axis in expected)}]"


def _without_leading_ones(axes: Axes) -> Axes:
    while axes[:1] == (ONE,):
        axes = axes[1:]
    return axes


def met(step: Step, sizes: Sizes) -> tuple[list[str], Axes]:
    """Operands that broadcast against each other, and the axes of what they make.

    Axes laid out together are taken apart where needed: a key head meets its run of query heads.
    """
    if all(set(operand.axes) <= {*step.axes, ONE} for operand in step.operands):
        return [fitted(o.name, o.axes, step.axes, sizes) for o in step.operands], step.axes
    target = sizes.atoms(step.axes)
    apart = []
    for operand in step.operands:
        atoms = sizes.atoms(operand.axes)
        text = reshaped(operand.name, operand.axes, atoms, sizes)
        apart.append(fitted(text, atoms, target, sizes))
    return apart, target


def together(step: Step, text: str, made: Axes, sizes: Sizes) -> str:
    """What operands that met have made, a sum or a product of them, laid out as the step says."""
    laid_out = reshaped(f"({text})", made, step.axes, sizes)
    return text if laid_out == f"({text})" else laid_out
