"""Rules on positions as Python text: a rule is called with expressions in place of numbers."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any


class NotAnExpressionError(Exception):
    """A rule looks positions up in a list: only its numbers can be written down."""


Operator = Callable[[Any, Any], "Expression"]


def _node(value: Any) -> ast.expr:
    if isinstance(value, Expression):
        return value.node
    if isinstance(value, bool) or value >= 0:
        return ast.Constant(value)
    return ast.UnaryOp(ast.USub(), ast.Constant(-value))


def _joined(operator: type[ast.operator]) -> Operator:
    return lambda x, y: Expression(ast.BinOp(_node(x), operator(), _node(y)))


def _turned(operator: type[ast.operator]) -> Operator:
    return lambda x, y: Expression(ast.BinOp(_node(y), operator(), _node(x)))


def _compared(operator: type[ast.cmpop]) -> Operator:
    return lambda x, y: Expression(ast.Compare(_node(x), [operator()], [_node(y)]))


def _added(x: Any, y: Any) -> Expression:
    """A sum of whole numbers as one would write it: i, i + 2, i - 2, and not i + 2 - 1."""
    match x.node, y:
        case ast.BinOp(left, ast.Add(), ast.Constant(int(before))), int():
            return _added(Expression(left), before + y)
    if isinstance(y, int) and y <= 0:
        return x if y == 0 else _joined(ast.Sub)(x, -y)
    return _joined(ast.Add)(x, y)


def _behind(x: Any, y: Any) -> Expression:
    """A number before a formula; Python's sums begin with 0."""
    return x if y == 0 else _joined(ast.Add)(y, x)


class Expression:
    """A formula of positions that grows by the operators it meets; as text it is Python."""

    def __init__(self, node: ast.expr) -> None:
        self.node = node

    __add__, __radd__ = _added, _behind
    __sub__, __rsub__ = _joined(ast.Sub), _turned(ast.Sub)
    __mul__, __rmul__ = _joined(ast.Mult), _turned(ast.Mult)
    __truediv__, __floordiv__ = _joined(ast.Div), _joined(ast.FloorDiv)
    __mod__, __rpow__ = _joined(ast.Mod), _turned(ast.Pow)
    __and__, __or__ = _joined(ast.BitAnd), _joined(ast.BitOr)
    __lt__, __le__ = _compared(ast.Lt), _compared(ast.LtE)
    __gt__, __ge__ = _compared(ast.Gt), _compared(ast.GtE)
    __eq__ = _compared(ast.Eq)  # type: ignore[assignment]
    __hash__ = object.__hash__

    def __neg__(self) -> Expression:
        """Minus the formula."""
        return Expression(ast.UnaryOp(ast.USub(), self.node))

    def __abs__(self) -> Expression:
        """The formula without its sign."""
        return called("abs", self)

    def __xor__(self, other: bool) -> Expression:
        """A rule is turned by ^ True, which arrays of booleans write as ~."""
        return Expression(ast.UnaryOp(ast.Invert(), self.node))

    def tolist(self) -> Any:
        """Positions that are looked up one by one have no formula."""
        raise NotAnExpressionError

    def __array__(self, *_: Any, **__: Any) -> Any:
        """Nor have those by which an array is read."""
        raise NotAnExpressionError

    def __str__(self) -> str:
        """The formula as Python, in brackets where it needs them."""
        return ast.unparse(self.node)

    @property
    def names(self) -> set[str]:
        """The variables it reads."""
        return {node.id for node in ast.walk(self.node) if isinstance(node, ast.Name)}


class Maths:
    """The functions that tables call, as calls of an array library."""

    @staticmethod
    def sin(x: Expression) -> Expression:
        """Its sine."""
        return called("np.sin", x)

    @staticmethod
    def cos(x: Expression) -> Expression:
        """Its cosine."""
        return called("np.cos", x)


def read(text: str) -> Expression:
    """An expression that stands for itself, as `i` does."""
    return Expression(ast.parse(text, mode="eval").body)


def called(function: str, argument: Expression) -> Expression:
    """A function of a formula."""
    return Expression(ast.Call(read(function).node, [argument.node], []))
