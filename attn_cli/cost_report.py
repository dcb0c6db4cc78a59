"""The cost of one mechanism, as plain data: every view of it is made from this."""

from __future__ import annotations

from typing import NamedTuple


class Amount(NamedTuple):
    """A number and the formula it comes from; the number is None while letters are open."""

    value: int | None
    plain: str
    pretty: str
    latex: str


class CostStep(NamedTuple):
    """One step: what it does, its operations, its bytes, its share of all operations."""

    name: str
    operation: str
    kind: str
    flops: Amount
    bytes: Amount
    order: str
    order_plain: str
    share: float | None


class Layer(NamedTuple):
    """A kind of layer in Vaswani's Table 1."""

    name: str
    operations: Amount
    sequential: str
    path: str


class Crossover(NamedTuple):
    """Where two costs are equal: at which value of which letter."""

    between: tuple[str, str]
    letter: str
    at: Amount


class Share(NamedTuple):
    """The part of the products that grows with n·m, at another length."""

    length: int
    part: float


class CostReport(NamedTuple):
    """The whole report; sizes maps letters to numbers, None where they stay open."""

    mode: str
    title: str
    sizes: dict[str, int | None]
    facts: tuple[str, ...]
    steps: tuple[CostStep, ...]
    totals: dict[str, Amount]
    leading: str
    core: Amount
    projections: Amount
    pairs: tuple[Amount, Amount] | None
    shares: tuple[Share, ...]
    memory: dict[str, Amount]
    kv_cache: dict[str, Amount]
    intensity: dict[str, float | None]
    crossovers: tuple[Crossover, ...]
    layers: tuple[Layer, ...]
    conventions: tuple[str, ...]
    dtype: str
