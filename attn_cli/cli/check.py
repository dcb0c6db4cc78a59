"""`attn check`: a worked example recomputed, an exercise made, a filled one marked."""

from __future__ import annotations

import inspect
import sys
from types import SimpleNamespace
from typing import Annotated, Any

import typer

from attn_cli.cli.options import Typed, options_of, with_parameters
from attn_cli.errors import AttnError
from attn_cli.spelling import choice

HELP = (
    "Check a worked example: which number is wrong, and which rule was missed.\n\n"
    "FILE is Markdown, text or JSON: matrices with names, as Q = [[1, 0], [0, 1]], and rounded "
    "numbers. --new makes an exercise, --answers marks a filled one."
)

EXAMPLES = (
    "attn check example.md",
    "attn check --new exercise.md --level 2 --seed 7",
    "attn check --answers exercise.md",
)

USED = (
    "new",
    "answers",
    "level",
    "steps",
    "seed",
    "mode",
    "causal",
    "mask",
    "q",
    "k",
    "v",
    "json",
)
"""Options that help shows first."""

FILE = typer.Argument(help="A worked example; of --new, where it goes.", metavar="[FILE]")

PARAMETERS = [
    inspect.Parameter(
        "file",
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, FILE],
    ),
    *options_of("check"),
]


@with_parameters(PARAMETERS)
def check(typed: Typed) -> None:
    """Check what was typed, show it, and leave with 1 where anything is wrong."""
    view, values = typed.view, dict(typed.values)
    if values.pop("new", False):
        _exercise(values, view)
        return
    from attn_cli.api.check import checked
    from attn_cli.api.shown import check_export
    from attn_cli.arrays.writing import check_path
    from attn_cli.cli.gradients import show_result
    from attn_cli.cli.reading import arrays_and_choices, stdin
    from attn_cli.errors import Exit

    check_path(view.save, "‹save›", (".json",), view.force)
    check_export(view.export, "‹export›", view.force)
    for name, one in (("level", values.get("level")), ("steps", view.steps)):
        if one is not None:
            raise AttnError(f"{choice(name)} is for ‹new›.")
    file = values.pop("file", None)
    if file is None:
        raise AttnError("FILE is missing: a worked example, or ‹new› to make an exercise.")
    answers = values.pop("answers", False)
    arrays, spec = arrays_and_choices(values)
    found = checked(file, arrays, spec, answers=answers, sources=stdin())
    show_result(found, view)
    if not found.match:
        raise typer.Exit(int(Exit.NO))


def _exercise(values: dict[str, Any], view: SimpleNamespace) -> None:
    """Print an exercise, or its solution, or write both."""
    from attn_cli.api.exercise import made
    from attn_cli.api.given import refuse_arrays
    from attn_cli.cli import streams
    from attn_cli.cli.reading import arrays_and_choices
    from attn_cli.views.ascii import in_ascii

    for name in ("json", "save", "export", "plain"):
        if getattr(view, name):
            raise AttnError(f"{choice(name)} has no effect with ‹new›, which is Markdown.")
    file, answers, level = (values.pop(name, None) for name in ("file", "answers", "level"))
    if file is not None and answers:
        raise AttnError("‹answers› prints the solution of ‹new›, or marks FILE: leave one out.")
    arrays, spec = arrays_and_choices(values)
    refuse_arrays(arrays)
    found = made(spec, level, spec.seed, view.steps)
    if file is None:
        text = found.solution if answers else found.sheet
        sys.stdout.write(text if streams.shows_unicode(sys.stdout) else in_ascii(text))
        return
    solution = found.save(file, force=view.force)
    streams.report(f"Saved {file} and its solution, {solution}")
