"""The options of every command: one for each choice it takes, its arrays, and how it shows them."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple, get_args

import typer

from attn_cli.choices import Choice, Command, typed_number
from attn_cli.cli.speaking import speak
from attn_cli.cli.streams import as_option, guarded, note_unshown
from attn_cli.errors import AttnError
from attn_cli.mechanisms import MECHANISMS
from attn_cli.mechanisms.biases import BIASES
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.spec import RUNS, SAMPLED, taken_by
from attn_cli.spelling import spelled, spelling

FORMS = "bool, additive, torch-sdpa, torch-mha, jax, onnx, keras, hugging-face"

WORDS: Mapping[str, tuple[str, ...]] = {
    "mode": tuple(one.name for one in MECHANISMS),
    "normalizer": tuple(one.name for one in NORMALIZERS),
    "bias": tuple(one.name for one in BIASES),
    "dtype": ("float64", "float32", "float16", "bfloat16"),
    "as_form": tuple(FORMS.split(", ")),
    "is_form": tuple(FORMS.split(", ")),
}
"""Words that complete an option, where they come from a list elsewhere."""

LISTED = {
    "modes": ", ".join(WORDS["mode"]),
    "normalizers": ", ".join(WORDS["normalizer"]),
    "biases": ", ".join(WORDS["bias"]),
    "forms": FORMS,
    "samples": ", ".join(SAMPLED),
}

ARRAYS = "Arrays (a file, - for standard input, or numbers like '1 0; 0 1')"

ARRAY_OPTIONS: Mapping[str, tuple[str, str]] = {
    "q": ("Queries (n, d), (batch, n, d) or (batch, heads, n, d).", "ARRAY"),
    "k": ("Keys (m, d), shaped like the queries.", "ARRAY"),
    "v": ("Values (m, d_v), one row for each key.", "ARRAY"),
    "x": ("Rows that queries, keys and values are made from.", "ARRAY"),
    "context": ("Rows for keys and values, when not those of --x.", "ARRAY"),
    "w_q": ("W_Q: makes queries from --x.", "ARRAY"),
    "w_k": ("W_K: makes keys.", "ARRAY"),
    "w_v": ("W_V: makes values.", "ARRAY"),
    "w_o": ("W_O: mixes the joined heads.", "ARRAY"),
    "b_q": ("b_Q: added to the queries that W_Q makes.", "ARRAY"),
    "b_k": ("b_K: added to the keys.", "ARRAY"),
    "b_v": ("b_V: added to the values.", "ARRAY"),
    "b_o": ("b_O: added to what W_O makes.", "ARRAY"),
    "bias": (f"Added to the scores: {LISTED['biases']}, or 1 to 4 axes.", "ARRAY"),
    "past_k": ("Keys from earlier calls (a cache).", "ARRAY"),
    "past_v": ("Values from earlier calls.", "ARRAY"),
    "param": ("An array of the mode's or the bias's own.", "NAME=ARRAY"),
    "input": ("Several arrays by name: .npz, .json, .safetensors.", "FILE"),
}

D_OUTPUT = ("How the loss changes with the output: ones, random, an array, a cell.", "ARRAY")

JACOBIAN = ("How one step changes with another, as a map: output:x.", "OF:TO")

LEARNED: Mapping[str, tuple[Any, str, str]] = {
    "pair": (list[str], "Words that are to look at others: cat,mat (again for more).", "WORD,WORD"),
    "align": (str, "Positions that are to look at others: 0:0,1:2.", "N:N,…"),
    "target": (str, "The output that is wanted, by mean squares.", "ARRAY"),
    "optimizer": (str, "sgd, momentum, adam (default adam).", "NAME"),
    "steps": (int, "Steps (default 300).", "N"),
    "lr": (float, "Step size (default of the optimizer: 0.5, 0.1, 0.02).", "NUMBER"),
    "train_x": (bool, "Learn the rows too.", ""),
    "baseline": (bool, "Take the mean reward off each (for --normalizer sample).", ""),
    "against": (str, "Train another mode beside it: dot.", "MODE"),
}
"""What is learned and how: the kind of each, its help, how it is written."""

DIAGNOSED: Mapping[str, tuple[Any, str, str]] = {
    "expected": (
        list[str],
        "What your code gave: a file, numbers, or STEP=FILE (again for more).",
        "[STEP=]ARRAY",
    ),
    "expected_step": (str, "The step that a bare file holds (default output).", "STEP"),
    "rtol": (float, "Allow this much of the largest number (default: rounding).", "NUMBER"),
    "atol": (float, "Allow this much (default: rounding).", "NUMBER"),
    "separate": (Path, "Write inputs that tell equal faults apart: .npz.", "FILE"),
}
"""What a diagnosis compares with: the kind of each, its help, how it is written."""

CHECKED: Mapping[str, tuple[Any, str, str]] = {
    "new": (bool, "Make an exercise: FILE, and its solution beside it.", ""),
    "answers": (bool, "Mark every entry of a filled exercise.", ""),
    "level": (int, "Of --new: how much there is to it, 1 to 4 (default 1).", "N"),
    "steps": (str, "Of --new: the steps to fill in (default all).", "STEP,STEP"),
}
"""What is done with a worked example: the kind of each, its help, how it is written."""

RECONCILED: Mapping[str, tuple[str, str]] = {
    "flops": ("A number of operations: 301989888, 302M.", "NUMBER"),
    "bytes": ("A number of bytes: 131072, 1.5GiB.", "NUMBER"),
    "params": ("A number of parameters.", "NUMBER"),
}
"""The numbers whose convention is looked for: help, how they are written."""

DISPLAY, OUTPUT, EXACTLY = "Display", "Output", "Exactly"


class View(NamedTuple):
    """An option that says how a result is shown, or where it goes beside the terminal.

    takes: the commands that have it; no one means all. helps: another help text in some.
    """

    kind: type
    panel: str
    help: str
    takes: tuple[str, ...] = ()
    example: str = ""
    helps: Mapping[str, str] = {}


STEPPED = ("compute", "gradient")
NUMBERED = (*STEPPED, "compare", "mask")
EXPORTED = (*NUMBERED, "train", "diagnose", "check", "complexity", "reconcile", "explain")
"""Commands that show steps, numbers, and pages that go into files."""

VIEWS: Mapping[str, View] = {
    "steps": View(bool, DISPLAY, "Every table of every step.", STEPPED),
    "only": View(str, DISPLAY, "One step alone, shown, saved or printed.", STEPPED, "STEP"),
    "start": View(str, DISPLAY, "Show from this step on.", STEPPED, "STEP"),
    "step": View(bool, DISPLAY, "Wait for a key after each step (on a terminal).", ("compute",)),
    "show_work": View(str, DISPLAY, "Work one number out: weights[0,1].", STEPPED, "CELL"),
    "head": View(int, DISPLAY, "Show this head.", NUMBERED, "N"),
    "batch_index": View(int, DISPLAY, "Show this batch row.", NUMBERED, "N"),
    "precision": View(
        int,
        DISPLAY,
        "Decimals (default 2 to 4; --quiet: all).",
        NUMBERED,
        "N",
        {"compare": "Decimals (default 2 to 4).", "mask": "Decimals (default 2 to 4)."},
    ),
    "percent": View(bool, DISPLAY, "Weights in per cent.", ("compute",)),
    "everything": View(
        bool,
        DISPLAY,
        "Leave nothing out of large arrays.",
        (*NUMBERED, "explain"),
        "",
        {"explain": "Every topic, one behind the other: a booklet."},
    ),
    "theme": View(
        str,
        DISPLAY,
        "Colours for a ground: auto, dark, light (ATTN_THEME).",
        example="THEME",
    ),
    "plain": View(bool, DISPLAY, "For screen readers: numbers in sentences, in ASCII."),
    "quiet": View(bool, DISPLAY, "The output matrix alone.", ("compute",)),
    "lang": View(str, DISPLAY, "en or zh: everything that is said (ATTN_LANG).", example="en|zh"),
    "json": View(
        bool,
        OUTPUT,
        "One JSON document on standard output.",
        EXPORTED[:-1],
    ),
    "details": View(bool, DISPLAY, "Memory, other layers and counting rules too.", ("complexity",)),
    "libraries": View(bool, DISPLAY, "What libraries make of masks.", ("mask",)),
    "exact": View(bool, EXACTLY, "Fractions, roots and powers of e; letters too.", STEPPED),
    "symbolic": View(bool, EXACTLY, "Letters for arrays that are not given.", STEPPED),
    "at": View(str, EXACTLY, "Numbers for letters: a=1,b=√2.", STEPPED, "LETTERS"),
    "code": View(str, OUTPUT, "A script of the same steps: numpy, torch, jax.", STEPPED, "LIBRARY"),
    "check": View(bool, DISPLAY, "Measure central differences beside it.", ("gradient",)),
    "latex": View(bool, OUTPUT, "The steps as a LaTeX table.", ("complexity",)),
    "plot": View(
        bool,
        OUTPUT,
        "Draw the sweep on logarithmic axes (an extra).",
        ("complexity", "train"),
        "",
        {"train": "Draw the course on logarithmic axes (an extra)."},
    ),
    "save": View(
        Path,
        OUTPUT,
        "Every array by its step's name: .npz or .json.",
        ("compute", "gradient", "train", "diagnose", "check", "complexity", "reconcile", "mask"),
        "FILE",
        {
            "diagnose": "The document: .json.",
            "check": "The document: .json.",
            "reconcile": "The document: .json.",
            "complexity": "The sweep as comma-separated values: .csv.",
            "train": "What was learned, an input of compute: .npz, or the document: .json.",
            "mask": "The mask: .npy, booleans or the form of --as.",
        },
    ),
    "export": View(
        Path,
        OUTPUT,
        "What is shown, as .html .svg .md .txt .tex .png .pdf.",
        EXPORTED,
        "FILE",
    ),
    "width": View(
        int,
        OUTPUT,
        "Columns of an exported page (default 100).",
        EXPORTED,
        "N",
    ),
    "force": View(
        bool,
        OUTPUT,
        "Write over existing files.",
        EXPORTED,
    ),
}

MASK_ARRAYS = {"import_file": ("Read a mask of another library.", "ARRAY")}


class Typed(NamedTuple):
    """What was typed: choices and arrays by name, and how the result is shown."""

    values: dict[str, Any]
    view: SimpleNamespace


def options_of(command: Command | str) -> list[inspect.Parameter]:
    """Every option of a command, as Typer reads them."""
    found = _arrays(command)
    for name, known in taken_by(command).items():  # type: ignore[arg-type]
        if name not in found:
            found[name] = _of_choice(name, known, command)
    for name, view in VIEWS.items():
        if not view.takes or command in view.takes:
            found[name] = view_option(name, view, command)
    return [*found.values()]


def _arrays(command: str) -> dict[str, inspect.Parameter]:
    if command == "mask":
        return {
            name: _parameter(name, str, text, "Forms of libraries", example)
            for name, (text, example) in MASK_ARRAYS.items()
        }
    if command == "reconcile":
        return {
            name: _parameter(name, str, text, "The number", example)
            for name, (text, example) in RECONCILED.items()
        }
    if command not in RUNS:
        return {}
    several = {"param": list[str]}
    learned = {
        name: _parameter(name, kind, text, "What is learned", example)
        for name, (kind, text, example) in LEARNED.items()
        if command == "train"
    }
    compared = {
        name: _parameter(name, kind, text, "What you have", example)
        for name, (kind, text, example) in DIAGNOSED.items()
        if command == "diagnose"
    }
    worked = {
        name: _parameter(name, kind, text, "The example", example)
        for name, (kind, text, example) in CHECKED.items()
        if command == "check"
    }
    more = {"d_output": D_OUTPUT, "jacobian": JACOBIAN} if command == "gradient" else {}
    return (
        learned
        | compared
        | worked
        | {
            name: _parameter(name, several.get(name, str), text, ARRAYS, example)
            for name, (text, example) in {**ARRAY_OPTIONS, **more}.items()
        }
    )


def _of_choice(name: str, known: Choice, command: str) -> inspect.Parameter:
    kinds: dict[str, Any] = {"count": int, "flag": bool, "number": float}
    kind = kinds.get(known.kind, str)
    if known.kind == "size" and command != "complexity":
        kind = int
    with spelling(as_option):
        text = spelled(known.help_for(command)).format(**LISTED)
    words = WORDS.get(name, known.names)
    more = {"parser": fraction} if known.kind == "number" else {}
    return _parameter(name, kind, text, known.group, known.example, words, **more)


def view_option(name: str, view: View, command: str) -> inspect.Parameter:
    """An option that says how the result of a command is shown."""
    return _parameter(
        name, view.kind, view.helps.get(command, view.help), view.panel, view.example or None
    )


def _parameter(
    name: str,
    kind: Any,
    text: str,
    panel: str,
    example: str | None,
    words: tuple[str, ...] = (),
    **more: Any,
) -> inspect.Parameter:
    """One option; words complete what is typed."""
    if words:
        more["autocompletion"] = lambda incomplete: [w for w in words if w.startswith(incomplete)]
    if kind is not bool and example:
        more["metavar"] = example
    option = typer.Option(as_option(name, None), help=text, rich_help_panel=panel, **more)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if kind is bool else None,
        annotation=Annotated[kind if kind is bool else kind | None, option],
    )


def fraction(text: str) -> float:
    """Read a number, a fraction such as 1/8, or one with roots such as 1/√12."""
    number = typed_number(text)
    if number is None:
        raise typer.BadParameter(f"{text!r} is neither a number nor a fraction.")
    return number


def with_options(command: Command) -> Callable[[Callable[[Typed], None]], Callable[..., None]]:
    """Let a function be a command, which receives what was typed, sorted."""
    return with_parameters(options_of(command))


def with_parameters(
    parameters: Sequence[inspect.Parameter],
) -> Callable[[Callable[[Typed], None]], Callable[..., None]]:
    """The same with these options and arguments; the one error handler stands around it."""

    def wrap(run: Callable[[Typed], None]) -> Callable[..., None]:
        @functools.wraps(run)
        def typed(**given: Any) -> None:
            view = {name: given.pop(name) for name in [*given] if name in VIEWS}
            said = {
                name: one for name, one in given.items() if one is not None and one is not False
            }
            if speak(view["lang"]) != "en" and not view.get("json"):
                note_unshown()
            if view.get("width") is not None and view.get("export") is None:
                raise AttnError("‹width› is that of an exported page: add ‹export›.")
            _refuse_odd_pages(view)
            run(Typed(said, SimpleNamespace(**view)))

        return _taking(guarded(typed), parameters)

    return wrap


def _refuse_odd_pages(view: Mapping[str, Any]) -> None:
    """Raise AttnError, before any work, for a width or a theme that no page has."""
    if view.get("width") is not None:
        from attn_cli.api.shown import refuse_width

        refuse_width(view["width"])
    if view.get("theme") is not None:
        from attn_cli.cli.ground import refuse_theme

        refuse_theme(view["theme"])


def _taking(
    command: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """Tell Typer what a command takes."""
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def narrowed(command: Callable[..., None], words: Sequence[str]) -> Callable[..., None]:
    """A command that takes only the options that are typed: making all ninety takes long.

    It takes all of them where some other word looks like an option: help, and what there is not.
    """
    whole = inspect.signature(command).parameters.values()
    names = {as_option(one.name, None): one for one in whole if _is_option(one)}
    typed = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"}
    if not typed <= {*names}:
        return command
    kept = [one for one in whole if not _is_option(one) or as_option(one.name, None) in typed]
    defaults = {one.name: one.default for one in names.values()}

    @functools.wraps(command)
    def some(**given: Any) -> None:
        command(**{**defaults, **given})

    return _taking(some, kept)


def _is_option(parameter: inspect.Parameter) -> bool:
    (told,) = get_args(parameter.annotation)[1:]
    return isinstance(told, typer.models.OptionInfo)
