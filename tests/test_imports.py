"""What is loaded when: the commands that need little start with little."""

from __future__ import annotations

import graphlib
import subprocess
import sys

import pytest

LOADED = """
import sys
sys.argv = ["attn", *{arguments!r}]
from attn_cli.cli.app import run
try:
    run()
except SystemExit:
    pass
print(*sorted(name for name in sys.modules), file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules a command has loaded by its end."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(arguments=list(arguments))],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return set(done.stderr.split())


def test_version_loads_neither_numpy_nor_sympy_nor_rich() -> None:
    """`attn --version` needs none of them."""
    assert not loaded("--version") & {"numpy", "sympy", "rich"}


@pytest.mark.parametrize("arguments", [("--help",), ("compute", "--help")])
def test_help_loads_neither_numpy_nor_sympy(arguments: tuple[str, ...]) -> None:
    """Help needs no arithmetic."""
    assert not loaded(*arguments) & {"numpy", "sympy"}


def test_complexity_does_not_load_numpy() -> None:
    """Formulas need no arrays."""
    modules = loaded("complexity", "--n", "512", "--d", "64")
    assert "sympy" in modules
    assert "numpy" not in modules


def test_compute_loads_what_it_needs() -> None:
    """Files, exports and formulas are loaded when they are asked for."""
    modules = loaded("compute")
    assert "numpy" in modules
    assert not modules & {"sympy", "safetensors", "ml_dtypes", "attn_cli.views.export", "zipfile"}


def test_programs_and_masks_need_the_standard_library_only() -> None:
    """Writing a mechanism down loads neither NumPy nor Rich nor Typer."""
    code = "import sys, attn_cli.mechanisms; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert not set(done.stdout.decode().split()) & {"numpy", "rich", "typer", "sympy"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Every module can be put behind all that it imports, those for types among them."""
    graph = pytest.importorskip("grimp").build_graph("attn_cli")
    imports = {one: graph.find_modules_directly_imported_by(one) for one in graph.modules}
    assert len([*graphlib.TopologicalSorter(imports).static_order()]) == len(imports) > 100
