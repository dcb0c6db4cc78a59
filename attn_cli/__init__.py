"""Attention mechanisms, computed and explained step by step: the library.

`import attn_cli as attn` loads nothing heavy; each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attn_cli.api.check import Check as Check
    from attn_cli.api.check import check as check
    from attn_cli.api.compare import Comparison as Comparison
    from attn_cli.api.compare import compare as compare
    from attn_cli.api.complexity import complexity as complexity
    from attn_cli.api.compute import compute as compute
    from attn_cli.api.cost import Cost as Cost
    from attn_cli.api.cost import ModelCost as ModelCost
    from attn_cli.api.diagnose import Diagnosis as Diagnosis
    from attn_cli.api.diagnose import diagnose as diagnose
    from attn_cli.api.exact import Exact as Exact
    from attn_cli.api.exact import exact as exact
    from attn_cli.api.exercise import Exercise as Exercise
    from attn_cli.api.exercise import exercise as exercise
    from attn_cli.api.explain import Page as Page
    from attn_cli.api.explain import explain as explain
    from attn_cli.api.gradient import Gradient as Gradient
    from attn_cli.api.gradient import gradient as gradient
    from attn_cli.api.jacobian import Jacobian as Jacobian
    from attn_cli.api.jacobian import jacobian as jacobian
    from attn_cli.api.languages import speaking as speaking
    from attn_cli.api.mask import Mask as Mask
    from attn_cli.api.mask import mask as mask
    from attn_cli.api.modes import modes as modes
    from attn_cli.api.reconcile import Reconciliation as Reconciliation
    from attn_cli.api.reconcile import reconcile as reconcile
    from attn_cli.api.run import Run as Run
    from attn_cli.api.train import Training as Training
    from attn_cli.api.train import train as train
    from attn_cli.errors import AttnError as AttnError
    from attn_cli.spec import Spec as Spec

    __version__: str

PLACES = {
    "compute": "api.compute",
    "complexity": "api.complexity",
    "mask": "api.mask",
    "compare": "api.compare",
    "gradient": "api.gradient",
    "jacobian": "api.jacobian",
    "train": "api.train",
    "diagnose": "api.diagnose",
    "check": "api.check",
    "exercise": "api.exercise",
    "reconcile": "api.reconcile",
    "exact": "api.exact",
    "explain": "api.explain",
    "modes": "api.modes",
    "speaking": "api.languages",
    "Spec": "spec",
    "Run": "api.run",
    "Cost": "api.cost",
    "ModelCost": "api.cost",
    "Mask": "api.mask",
    "Gradient": "api.gradient",
    "Jacobian": "api.jacobian",
    "Exact": "api.exact",
    "Training": "api.train",
    "Diagnosis": "api.diagnose",
    "Check": "api.check",
    "Exercise": "api.exercise",
    "Reconciliation": "api.reconcile",
    "Comparison": "api.compare",
    "Page": "api.explain",
    "AttnError": "errors",
}
"""The module of each public name."""

__all__ = [*PLACES, "__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name."""
    if name == "__version__":
        from importlib.metadata import version

        return version("attn-cli")
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{PLACES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
