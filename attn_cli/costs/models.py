"""A model's attention from its config.json: what new tokens cost, and what a cache holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from attn_cli.costs.families import Kind
from attn_cli.costs.model_files import Part, model_file
from attn_cli.costs.report import ITEM_SIZES, cost_report
from attn_cli.costs.symbolic import Shape
from attn_cli.errors import AttnError, brief
from attn_cli.mechanisms import Mechanism
from attn_cli.results.cost import LayerKind, ModelReport

DECODING = (
    "new tokens only; all other keys and values come from the cache",
    "a layer with a window or chunks keeps and reads as many keys as that; a chunk counts whole",
)
ENCODING = ("one pass over all positions; an encoder has no cache and no new token",)
COUNTING = (
    "FLOPs are those of matrix products, a multiply and an add counted as 2; norms, rotations "
    "and biases are left out",
    "attention alone: no feed-forward layers, no embeddings",
)


class Questions(NamedTuple):
    """What is asked of a model.

    m: the context, the new tokens included; None is the file's own longest. n: new tokens.
    causal: count only the pairs that a causal mask keeps; windows always do.
    """

    n: int = 1
    m: int | None = None
    batch: int = 1
    causal: bool = False
    dtype: str | None = None
    kv_dtype: str | None = None


def model_report(
    mechanism: Mechanism, config: Mapping[str, Any], questions: Questions
) -> ModelReport:
    """FLOPs for new tokens and the KV cache at a context length, for each kind of layer.

    Raises AttnError naming the entry that is missing, is not a whole number, or leaves open which
    keys a layer sees.
    """
    file = model_file(config)
    dtype = questions.dtype or file.dtype
    kv_dtype = questions.kv_dtype or dtype
    for name in (dtype, kv_dtype):
        if name not in ITEM_SIZES:
            raise AttnError(
                f"‹config›: the file's type is {brief(name)!r}; give ‹dtype›: "
                f"{', '.join(ITEM_SIZES)}."
            )
    decodes = any(part.role == "decoder" for part in file.parts)
    kinds: list[LayerKind] = []
    for part in file.parts:
        itemsize = ITEM_SIZES[kv_dtype]
        counter = _Counting(mechanism, part, questions, itemsize, beside_decoder=decodes)
        for kind, layers in Counter(part.kinds).items():
            kinds += counter.rows(kind, layers)
    context = max(_positions(part, questions) for part in file.parts if _is_main(part, decodes))
    return ModelReport(
        name=file.name,
        context=context,
        tokens=questions.n if decodes else context,
        batch=questions.batch,
        decodes=decodes,
        dtype=dtype,
        kv_dtype=kv_dtype,
        facts=_facts(file.facts, file.parts, questions, decodes),
        kinds=tuple(kinds),
        not_read=file.not_read,
        conventions=(*(DECODING if decodes else ENCODING), *COUNTING),
    )


def _is_main(part: Part, decodes: bool) -> bool:
    return part.role == ("decoder" if decodes else "encoder")


def _positions(part: Part, questions: Questions) -> int:
    """How many positions a part works on."""
    if questions.m is not None and not part.fixed:
        return questions.m
    if not part.context:
        raise AttnError("‹config›: the file has no max_position_embeddings; give ‹m›, the context.")
    return part.context


def _facts(
    facts: tuple[str, ...], parts: tuple[Part, ...], questions: Questions, decodes: bool
) -> tuple[str, ...]:
    if questions.n > 1 and not decodes:
        raise AttnError("‹n›: an encoder has no new tokens; ‹m› is how many positions it reads.")
    if questions.causal and not decodes:
        raise AttnError("‹causal›: in an encoder every position sees every other.")
    if questions.m is not None and all(part.fixed for part in parts):
        raise AttnError("‹m›: the file fixes how many positions this model reads.")
    if questions.m is not None and questions.n > questions.m:
        raise AttnError(f"‹n {questions.n}› new tokens are more than ‹m {questions.m}› in all.")
    learned = max(part.context for part in parts if _is_main(part, decodes))
    if questions.m is not None and 0 < learned < questions.m:
        facts = (*facts, f"more than the {learned:,} positions that the file says it was made for")
    if not decodes or questions.n == 1:
        return facts
    pairs = "only pairs that causality keeps" if questions.causal else "every pair counted"
    return (*facts, f"{questions.n:,} new tokens at once, {pairs} (windows: only kept ones)")


class _Counting:
    """Counts the layers of one part; an encoder beside a decoder runs once, before all tokens."""

    def __init__(
        self,
        mechanism: Mechanism,
        part: Part,
        questions: Questions,
        itemsize: int,
        *,
        beside_decoder: bool,
    ) -> None:
        self.mechanism = mechanism
        self.part = part
        self.questions = questions
        self.itemsize = itemsize
        once = beside_decoder and part.role == "encoder"
        self.context = part.context if once else _positions(part, questions)
        self.new = questions.n if part.role == "decoder" else self.context
        self.beside_decoder = beside_decoder

    def rows(self, kind: Kind, layers: int) -> list[LayerKind]:
        """One row for a kind of layer; two where it can be computed in two forms."""
        if not kind.attends:
            return [LayerKind(kind.name, layers, 0, 0, 0, 0, 0, 0, "not counted", grows=False)]
        if self.part.latent is not None:
            return self._latent(kind, layers)
        rows = [self._heads(kind, layers)]
        return rows + ([self._cross(layers)] if self.part.source is not None else [])

    def _unit(self) -> tuple[int, int]:
        """Operations of one row's projections, and of one pair, by the program itself."""
        part = self.part
        shape = Shape(
            n=1,
            d=part.heads * part.head,
            h=part.heads,
            h_kv=part.kv_heads,
            d_head=part.head,
            d_model=part.d_model,
        )
        report = cost_report(self.mechanism, shape)
        rows, products = report.projections.value, report.totals["matmul"].value
        assert rows is not None
        assert products is not None
        return rows, products - rows

    def _heads(self, kind: Kind, layers: int) -> LayerKind:
        part, batch = self.part, self.questions.batch
        row, pair = self._unit()
        keys = self.context if kind.window is None else min(kind.window, self.context)
        decoder = part.role == "decoder"
        once = self.beside_decoder and not decoder
        return LayerKind(
            _named(kind, part),
            layers,
            keys,
            batch * self.new * row,
            batch * self._pairs(kind) * pair,
            row // 2,
            2 * part.kv_heads * part.head * self.itemsize if decoder else 0,
            keys if decoder else 0,
            "once" if once else "",
            counted=not once,
            grows=decoder,
        )

    def _cross(self, layers: int) -> LayerKind:
        """A decoder's look at the source, whose keys and values are made once and stay."""
        part, batch, source = self.part, self.questions.batch, self.part.source
        assert source is not None
        row, pair = self._unit()
        asks = row // 2
        return LayerKind(
            "cross_attention",
            layers,
            source,
            batch * self.new * asks,
            batch * self.new * source * pair,
            row // 2,
            2 * part.kv_heads * part.head * self.itemsize,
            source,
            grows=False,
        )

    def _pairs(self, kind: Kind) -> int:
        """Pairs of a new query and a key that it sees."""
        new, context = self.new, self.context
        if kind.window is None:
            late = self.questions.causal and self.part.role == "decoder"
            return new * context - (new * (new - 1) // 2 if late else 0)
        if self.part.role == "encoder":
            side = kind.window // 2
            return sum(min(i, side) + 1 + min(context - 1 - i, side) for i in range(context))
        if kind.name == "chunked_attention":
            return new * min(kind.window, context)
        first = context - new
        growing = max(0, min(kind.window, context) - first)
        grown = growing * (2 * first + growing + 1) // 2
        return grown + (new - growing) * kind.window

    def _latent(self, kind: Kind, layers: int) -> list[LayerKind]:
        """MLA with the latent row as cache (DeepSeek-V2 2024, equations 9 to 19), in both forms.

        Folded (absorbed): W_UK goes into W_Q and W_UV into W_O, so scores and mixtures work on the
        latent itself. Unfolded: keys and values are made of every cached latent row, each time.
        """
        part, batch, latent = self.part, self.questions.batch, self.part.latent
        assert latent is not None
        heads, plain, value, rank, rope = part.heads, part.head, latent.value, *latent.widths
        query = heads * (plain + rope)
        low = latent.query
        asked = part.d_model * low + low * query if low is not None else part.d_model * query
        around = asked + part.d_model * (rank + rope) + heads * value * part.d_model
        up = heads * rank * (plain + value)
        pairs = self._pairs(kind)
        keys = self.context if kind.window is None else min(kind.window, self.context)
        cache = self.itemsize * (rank + rope)
        forms = {
            "folded": (self.new * (around + up), heads * pairs * (2 * rank + rope)),
            "unfolded": (self.new * around + keys * up, heads * pairs * (plain + rope + value)),
        }
        return [
            LayerKind(
                _named(kind, part),
                layers,
                keys,
                2 * batch * projections,
                2 * batch * core,
                around + up,
                cache,
                keys,
                form,
                counted=form == "folded",
            )
            for form, (projections, core) in forms.items()
        ]


def _named(kind: Kind, part: Part) -> str:
    return f"{part.name} {kind.name}" if part.name else kind.name
