"""What a count of operations and bytes leaves: formulas, numbers, and its own page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from attn_cli.api.shown import Frame, Shown
from attn_cli.errors import AttnError
from attn_cli.results.cost import (
    Amount,
    BackwardReport,
    CostReport,
    Crossover,
    ModelReport,
    Sweep,
    Timing,
    Variant,
)
from attn_cli.spec import CHOICES
from attn_cli.spelling import choice
from attn_cli.views.backward_page import backward_blocks
from attn_cli.views.cost_document import backward_described, described
from attn_cli.views.cost_latex import cost_table
from attn_cli.views.cost_page import cost_page
from attn_cli.views.model_page import model_document, model_page
from attn_cli.views.page import Block
from attn_cli.views.variants_page import sweep_blocks, sweep_curves, timing_blocks, variant_blocks


class CostLine(NamedTuple):
    """One step, or a total. flops: a SymPy formula; value: a number, None where a letter is open.

    kind: matmul for products of matrices, else other. order: of growth, in SymPy's notation.
    """

    name: str
    kind: str
    flops: Any
    value: int | None
    order: str = ""


class Cost(Shown):
    """The cost of one mechanism.

    details: its page holds memory and counting conventions too; plot: a sweep is drawn as well.
    """

    details = plot = False

    def __init__(
        self,
        report: CostReport,
        variants: tuple[Variant, ...],
        sweep: Sweep | None,
        timing: Timing | None,
        again: Callable[[Mapping[str, Any]], Cost],
        backward: BackwardReport | None = None,
        notices: tuple[str, ...] = (),
    ) -> None:
        self.report, self.variants, self.sweep, self.timing = report, variants, sweep, timing
        self.title = f"Cost of {report.title.lower()}"
        self._again = again
        self.backward = backward
        self.notices = notices

    @property
    def steps(self) -> tuple[CostLine, ...]:
        """Every step with its operations in all layers."""
        return tuple(
            CostLine(one.name, one.kind, _formula(one.flops), one.flops.value, one.order_plain)
            for one in self.report.steps
        )

    @property
    def totals(self) -> dict[str, CostLine]:
        """Operations by kind: matmul, other, and all together."""
        return {
            kind: CostLine(kind, kind, _formula(amount), amount.value)
            for kind, amount in self.report.totals.items()
        }

    @property
    def memory(self) -> dict[str, Amount]:
        """Bytes by what they hold: value is a number, plain the formula."""
        return self.report.memory

    @property
    def kv_cache(self) -> dict[str, Amount]:
        """Bytes of the keys and values that are kept: per_token, and in all."""
        return self.report.kv_cache

    @property
    def crossovers(self) -> tuple[Crossover, ...]:
        """Where two parts cost the same: at which value of which letter."""
        return self.report.crossovers

    def at(self, **sizes: Any) -> Cost:
        """The same cost at other sizes, as n=1024.

        Raises AttnError for what is no size.
        """
        for name in sizes:
            known = CHOICES.get(name)
            if known is not None and known.kind != "size":
                raise AttnError(f"{choice(name)} is not a size.")
        return self._again(sizes)

    def latex(self) -> str:
        """The steps as a LaTeX table."""
        return cost_table(self.report)

    def page(self, frame: Frame) -> list[Block]:
        """The report, and beside it what was asked for: variants, a sweep, a machine."""
        blocks: list[Block] = []
        if self.backward is not None:
            blocks += backward_blocks(self.report, self.backward)
        if self.variants:
            blocks += variant_blocks(self.variants)
        if self.sweep is not None:
            blocks += sweep_blocks(self.sweep)
            if self.plot or frame.figure:
                blocks += sweep_curves(self.sweep, self.crossovers)
        if self.timing is not None:
            blocks += timing_blocks(self.timing)
        return cost_page(self.report, blocks, details=self.details, command=frame.command)

    def to_dict(self) -> dict[str, Any]:
        """The document attn.cost/1, as --json prints it."""
        found = described(self.report) | {"notices": [*self.notices]}
        if self.backward is not None:
            found["backward"] = backward_described(self.backward)
        if self.variants:
            found["compare"] = [
                {
                    "name": one.name,
                    "matmul": one.matmul.plain,
                    "kv_cache_per_token": one.kv_per_token.plain,
                    "kv_cache_per_token_value": one.kv_per_token.value,
                    "score_matrix": one.score_matrix.plain,
                    "score_matrix_value": one.score_matrix.value,
                }
                for one in self.variants
            ]
        if self.sweep is not None:
            rows = [row._asdict() for row in self.sweep.rows]
            found["sweep"] = {"letter": self.sweep.letter, "rows": rows}
        if self.timing is not None:
            found["hardware"] = _hardware(self.timing)
        return found


class ModelCost(Shown):
    """The cost of a model's attention, by its configuration; details as above."""

    details = False

    def __init__(self, report: ModelReport, timing: Timing | None) -> None:
        self.report, self.timing = report, timing
        self.title = f"Attention of {report.name}"

    def page(self, frame: Frame) -> list[Block]:
        """The report, and the least time on a machine."""
        more = timing_blocks(self.timing) if self.timing is not None else []
        return model_page(self.report, more, details=self.details)

    def to_dict(self) -> dict[str, Any]:
        """The document attn.model/1, as --json prints it."""
        found = model_document(self.report)
        if self.timing is not None:
            found["hardware"] = _hardware(self.timing)
        return found


def _formula(amount: Amount) -> Any:
    """A formula of ours as SymPy has it; a number as an integer.

    Letters are read by places of their own, since a size may be called I or lambda.
    """
    import sympy

    from attn_cli.readings.formulas import letter

    names = sorted({*re.findall(r"[A-Za-z]\w*", amount.plain)})
    places = {name: f"place_{at}" for at, name in enumerate(names)}
    text = re.sub(r"[A-Za-z]\w*", lambda found: places[found[0]], amount.plain)
    return sympy.sympify(text, locals={places[name]: letter(name) for name in names})


def _hardware(timing: Timing) -> dict[str, Any]:
    floors = [{**floor._asdict(), "bound": floor.bound} for floor in timing.floors]
    return {**timing._asdict(), "floors": floors}
