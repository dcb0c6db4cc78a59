"""The cost of one mechanism, as plain data: every view of it is made from this."""

from __future__ import annotations

from typing import NamedTuple


class Amount(NamedTuple):
    """A number and the formula it comes from.

    While letters are open value is None, and `open` is the formula with the known numbers put
    in, as SymPy and as people write it.
    """

    value: int | None
    plain: str
    pretty: str
    latex: str
    open_plain: str = ""
    open_pretty: str = ""


class CostStep(NamedTuple):
    """One step: what it does, its operations, its bytes, its share of all operations.

    bytes: read and written, in all layers. live: held when it has been computed, in one layer.
    """

    name: str
    operation: str
    kind: str
    flops: Amount
    bytes: Amount
    live: Amount
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
    """The whole report; sizes maps letters to numbers, None where they stay open.

    headed: it can have heads. pairs: those that are computed, and all. tiled: they are whole
    tiles. peak_at: the step after which most is held.
    """

    mode: str
    title: str
    headed: bool
    sizes: dict[str, int | None]
    facts: tuple[str, ...]
    steps: tuple[CostStep, ...]
    totals: dict[str, Amount]
    leading: str
    core: Amount
    projections: Amount
    core_operations: Amount
    pairs: tuple[Amount, Amount] | None
    tiled: bool
    shares: tuple[Share, ...]
    memory: dict[str, Amount]
    peak_at: str
    kv_cache: dict[str, Amount]
    intensity: dict[str, float | None]
    crossovers: tuple[Crossover, ...]
    layers: tuple[Layer, ...]
    conventions: tuple[str, ...]
    dtype: str


class BackwardReport(NamedTuple):
    """The cost of the gradient.

    kept: bytes of what the forward pass has to keep for it; recomputed: where what stands for each
    pair is made again in blocks.
    """

    steps: tuple[CostStep, ...]
    totals: dict[str, Amount]
    kept: Amount
    recomputed: Amount


class Variant(NamedTuple):
    """One way of several."""

    name: str
    note: str
    matmul: Amount
    other: Amount
    score_matrix: Amount
    kv_per_token: Amount


class SweepRow(NamedTuple):
    """The cost at one value of the size that is swept."""

    size: int
    core: int
    projections: int
    all: int
    score_bytes: int


class Sweep(NamedTuple):
    """The cost over a range of one size."""

    letter: str
    core: str
    projections: str
    rows: tuple[SweepRow, ...]


class LayerKind(NamedTuple):
    """One kind of layer of a model: how many there are, and what one of them takes.

    keys: those a query sees at most. projections, core: FLOPs for all new tokens of all batch
    rows. weights: numbers in its own matrices. cache_per_key: bytes, of one sequence; cached: how
    many keys it holds. counted: whether it is in the totals; another form of the same layer is
    not.
    """

    name: str
    layers: int
    keys: int
    projections: int
    core: int
    weights: int
    cache_per_key: int
    cached: int
    form: str = ""
    counted: bool = True
    grows: bool = True


class ModelReport(NamedTuple):
    """A model's attention for `tokens` new ones, `context` with those before them.

    decodes: whether there is a cache, and new tokens. not_read: entries of the file that may bear
    on attention and were not used.
    """

    name: str
    context: int
    tokens: int
    batch: int
    decodes: bool
    dtype: str
    kv_dtype: str
    facts: tuple[str, ...]
    kinds: tuple[LayerKind, ...]
    not_read: tuple[str, ...]
    conventions: tuple[str, ...]

    @property
    def counted(self) -> tuple[LayerKind, ...]:
        """The kinds of layers that are in the totals."""
        return tuple(kind for kind in self.kinds if kind.counted)

    @property
    def flops(self) -> int:
        """FLOPs of all layers."""
        return sum(kind.layers * (kind.projections + kind.core) for kind in self.counted)

    @property
    def cache(self) -> int:
        """Bytes of the cache in all layers, for every batch row."""
        return self.batch * sum(k.layers * k.cached * k.cache_per_key for k in self.counted)

    @property
    def cache_per_token(self) -> int:
        """Bytes that a token adds to one sequence's cache in all layers, until a window is full."""
        return sum(k.layers * k.cache_per_key for k in self.counted if k.grows)

    @property
    def cache_per_late_token(self) -> int:
        """The same once every window is full."""
        full = (k for k in self.counted if k.grows and k.cached == self.context)
        return sum(k.layers * k.cache_per_key for k in full)

    @property
    def weights(self) -> int:
        """Numbers in the matrices of all layers."""
        return sum(kind.layers * kind.weights for kind in self.counted)


class Floor(NamedTuple):
    """The least time for one way to compute the part between queries and keys, in seconds."""

    way: str
    compute: float
    memory: float

    @property
    def bound(self) -> str:
        """What binds: the larger of the two times."""
        return "compute" if self.compute >= self.memory else "memory"


class Timing(NamedTuple):
    """Floors on one machine, and the intensity at which both limits are equal.

    what: the part of a model that they are for.
    """

    machine: str
    source: str
    peak: float
    bandwidth: float
    balance: float
    what: str
    floors: tuple[Floor, ...]
