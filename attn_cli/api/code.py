"""A run as a script for an array library, which gives the same numbers without this project."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from attn_cli.api.code_arrays import WIDTH, loaded, refuse_large, written
from attn_cli.api.requests import Request
from attn_cli.api.traces import formula_of
from attn_cli.errors import AttnError, brief, did_you_mean
from attn_cli.program import Step
from attn_cli.readings import code, words
from attn_cli.readings.code import Line
from attn_cli.readings.code_helpers import CONSTANT, HELPERS
from attn_cli.readings.code_libraries import IMPORT_NUMPY, LIBRARIES, Library
from attn_cli.readings.code_script import Script
from attn_cli.readings.notation import Unicode
from attn_cli.readings.subprogram import Frame
from attn_cli.readings.values import evaluate_steps
from attn_cli.transforms.gradient import Gradient

Array = np.ndarray[Any, Any]

FUNCTION = "attention"
"""What automatic differentiation is given."""

POSITIONS = {
    "n": "i = np.arange({size})[:, None]  # positions of the queries, as a column",
    "m": "j = np.arange({size})  # positions of the keys",
}


class Wanted(NamedTuple):
    """What a script is made of.

    made: the gradient, where it is wanted. only: the last step that is. files: where arrays may be
    loaded from, by name: `q.npy`, `run.npz:q`.
    """

    request: Request
    library: Library
    made: Gradient | None = None
    only: str | None = None
    files: Mapping[str, str] = {}


def library_of(name: str) -> Library:
    """The library by its name.

    Raises AttnError for another name.
    """
    if name not in LIBRARIES:
        raise AttnError(f"‹code {brief(name)}›: {did_you_mean(name, [*LIBRARIES])}")
    return LIBRARIES[name]


def script_of(wanted: Wanted) -> str:
    """The script: what it needs, its arrays, a line for each step, and what it prints.

    Raises AttnError for an array that is neither small nor in one of the files.
    """
    request, library = wanted.request, wanted.library
    if request.query is not None:
        raise AttnError("‹query_index› has no effect on ‹code›, which has all queries.")
    if request.narrow:
        raise AttnError(
            f"‹code›: every step is rounded to {request.narrow} here, which libraries do otherwise."
        )
    script = _script(wanted)
    lines = code.lines(script, _steps(wanted))
    body = "\n".join([*_computed(lines, wanted), *_printed(lines, wanted)])
    given = [_given(line.step, wanted) for line in lines if line.code is None]
    sections = [
        f"# {request.mechanism.title}: {formula_of(request)}\n# {request.mechanism.source}",
        "\n".join(library.setup).format(kind=script.kind),
        *(f"\n{_helper(name, library)}" for name in script.helpers),
        ("\n" if script.helpers else "") + "\n".join(given),
        "\n".join(POSITIONS[a].format(size=script.sizes[a]) for a in script.positions),
        body,
    ]
    text = "\n\n".join(section for section in sections if section.strip())
    return _with_imports(library.spelled(text)) + "\n"


def _script(wanted: Wanted) -> Script:
    arrays = wanted.request.arrays
    floats = {name: one for name, one in arrays.items() if one.dtype.kind == "f"}
    straight = wanted.made.through if wanted.made is not None and _compares(wanted) else ()
    return Script(
        wanted.request.program,
        next(iter(floats.values())).dtype.name,
        [name for name, one in arrays.items() if one.dtype.kind == "b"],
        [name for name, one in floats.items() if np.isneginf(one).any()],
        [step.name for step in straight],
    )


def _steps(wanted: Wanted) -> list[Step]:
    """The steps up to the last that is wanted, and of inputs those that they need."""
    program = wanted.request.program
    return [*(program if wanted.only is None else program.needed_for([wanted.only]))]


def _given(step: Step, wanted: Wanted) -> str:
    """A line that defines an array: one that is given, or a table that has no formula."""
    request, library = wanted.request, wanted.library
    array = request.arrays.get(step.name)
    if array is None:
        frame = Frame.of(request.program.sizes)
        array = evaluate_steps([step], {}, frame)[step.name]
    line = written(step.name, array, library.array)
    if line is not None:
        return line
    call = loaded(array, wanted.files.get(step.name))
    if call is None:
        raise refuse_large(step.name)
    return f"{step.name} = {library.loaded.format(call)}"


def _helper(name: str, library: Library) -> str:
    if name == "constant":
        return CONSTANT.format(library.constant.format("x")).strip()
    return HELPERS[name].strip()


def _commented(line: Line, request: Request) -> list[str]:
    """A step's formula, and below it its code."""
    step, sizes = line.step, request.program.sizes
    formula = words.formula(step, sizes, Unicode())
    comment = textwrap.wrap(f"{words.symbol(step)} = {formula}", WIDTH - 2)
    return [*(f"# {part}" for part in comment), f"{step.name} = {line.code}"]


def _compares(wanted: Wanted) -> bool:
    """Whether automatic differentiation stands beside the gradient by hand."""
    made, library = wanted.made, wanted.library
    return (
        made is not None and bool(library.gradient) and wanted.only is None and bool(_found(made))
    )


def _found(made: Gradient) -> dict[str, Step]:
    """The gradient of each array that one reaches."""
    return {name: step for name, step in made.found.items() if step is not None}


def _computed(lines: Iterable[Line], wanted: Wanted) -> list[str]:
    """A line of code for each step; where gradients are compared, those of attention a function."""
    made, request = wanted.made, wanted.request
    computed = [line for line in lines if line.code is not None]
    texts = {line.step: _commented(line, request) for line in computed}
    backward = frozenset(made.backward) if made is not None else frozenset()
    forward = [text for step, own in texts.items() if step not in backward for text in own]
    behind = [text for step, own in texts.items() if step in backward for text in own]
    if made is not None and _compares(wanted):
        read = {operand for step in made.backward for operand in step.operands}
        names = [s.name for s in texts if s not in backward and (s in read or s is made.output)]
        arguments = ", ".join(_found(made))
        forward = [
            "",
            f"def {FUNCTION}({arguments}):",
            *(f"    {text}" for text in forward),
            f"    return {', '.join(names)}" + ("," if len(names) == 1 else ""),
            "",
            "",
            f"{', '.join(names)}{',' if len(names) == 1 else ''} = {FUNCTION}({arguments})",
        ]
    return [
        *forward,
        *(["", "# The gradient, from the output back.", "", *behind] if behind else []),
    ]


def _printed(lines: Iterable[Line], wanted: Wanted) -> list[str]:
    """What the script prints: its last step, or the gradients; beside others where there are."""
    made = wanted.made
    if made is None or wanted.only is not None:
        *_, last = (line.step for line in lines)
        return [f"print({last.name})"]
    found = _found(made)
    if not _compares(wanted):
        return [f'print("{step.name}", {step.name}, sep="\\n")' for step in found.values()]
    arguments = ", ".join(found)
    by_name = ", ".join(f'"{name}": {step.name}' for name, step in found.items())
    return [
        "",
        "",
        "# The same by automatic differentiation.",
        f"def loss({arguments}):",
        f"    return ({FUNCTION}({arguments})[-1] * {made.given.name}).sum()",
        "",
        "",
        f"by_hand = {{{by_name}}}",
        f"automatic = {wanted.library.gradient}(loss, argnums={tuple(range(len(found)))})"
        f"({arguments})",
        "for (name, found), other in zip(by_hand.items(), automatic):",
        '    print(f"d_{name}", found, sep="\\n")',
        '    print(f"farthest from automatic differentiation: {abs(found - other).max():.1e}")',
    ]


def _with_imports(text: str) -> str:
    """The script with the imports that its lines use."""
    maths = [name for name in ("inf", "nan", "sqrt") if re.search(rf"\b{name}\b", text)]
    head, body = re.split(r"\n\n", text, maxsplit=1)
    imports = [f"from math import {', '.join(maths)}\n"] if maths else []
    if re.search(r"\bnp\.", body) and IMPORT_NUMPY not in body:
        imports.append(IMPORT_NUMPY)
    return "\n".join([head, "", *imports, body])
