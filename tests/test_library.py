"""The library: what the commands do, in one call, on arrays."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attn_cli as attn
from attn_cli.choices import Choice
from attn_cli.cli.options import DISPLAY, VIEWS
from attn_cli.cli.streams import as_option
from attn_cli.spec import CHOICES, Spec
from attn_cli.spelling import spelling
from tests.conftest import Attn

VALUES = [[1, 2], [3, 4]]
EYE = np.eye(2)
SMALL = ("--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4")


@pytest.fixture(name="attn_command")
def _command(request: pytest.FixtureRequest) -> Attn:
    """The command line, beside the library of the same name."""
    command: Attn = request.getfixturevalue("attn")
    return command


def test_importing_loads_nothing_heavy() -> None:
    """`import attn_cli` loads no NumPy, SymPy, Rich or Typer, and every public name is there."""
    code = "import attn_cli, sys; print({'numpy', 'sympy', 'rich', 'typer'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
    assert all(getattr(attn, name) is not None for name in attn.__all__)
    with pytest.raises(AttributeError, match="no attribute 'comptue'"):
        _ = attn.comptue


def test_a_run_is_that_of_the_command(attn_command: Attn) -> None:
    """compute(…).to_dict() is what --json prints, str() what the page says without its advice."""
    run = attn.compute(EYE, EYE, VALUES, causal=True)
    printed = json.loads(attn_command("compute", *SMALL, "--causal", "--json").out)
    assert run.to_dict() == printed
    page = attn_command("compute", *SMALL, "--causal").out
    assert page.startswith(str(run).rstrip())
    assert "Next" not in str(run)


def test_what_a_run_has() -> None:
    """Its output, steps by name, facts, notices, choices, and any number worked out."""
    run = attn.compute(EYE, EYE, VALUES, causal=True)
    powers = np.exp([0, 1 / np.sqrt(2)])
    second = powers / powers.sum()
    assert np.allclose(run.output, [[1, 2], second @ VALUES], atol=1e-15)
    assert np.allclose(run["weights"], [[1, 0], second], atol=1e-15)
    names = ["q", "k", "v", "scores", "scaled", "mask", "masked", "weights", "output"]
    assert [step.name for step in run.steps] == names
    assert run.steps[-1].flops == 12
    assert run.steps[-1].axes == ("n", "d_v")
    assert "given arrays; computed in float64" in run.facts
    assert run.notices == ()
    assert run.spec == Spec(causal=True)
    assert run.work("weights[1,0]") == "weights[q1,k0] = e^0 / (e^0 + e^0.7071) = 0.3302"
    with pytest.raises(attn.AttnError, match=r"there is no step 'wieghts'\. Did you mean weights"):
        run["wieghts"]


def test_inputs_are_read_as_they_are_and_never_changed() -> None:
    """Lists, whole numbers, float32 and files; integers become float64."""
    q = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    before = q.copy()
    run = attn.compute(q, q, q, causal=True, mask=np.array([[True, False], [True, True]]))
    assert run.output.dtype == np.float32
    assert np.array_equal(q, before)
    assert attn.compute([[1, 2]], [[3, 4]], [[5]]).output.dtype == np.float64
    np.save("q.npy", EYE)
    assert np.array_equal(attn.compute("q.npy", Path("q.npy"), "1 2; 3 4")["k"], EYE)
    named = attn.compute(input={"q": EYE, "k": EYE, "v": np.array(VALUES)})
    assert np.array_equal(named.output, attn.compute(EYE, EYE, VALUES).output)
    own = attn.compute(EYE, EYE, VALUES, mode="general", param={"w": [[0, 1], [1, 0]]})
    assert own["scores"].tolist() == [[0, 1], [1, 0]]


def test_tensors() -> None:
    """Torch's tensors too, those that need a gradient and bfloat16 among them."""
    torch = pytest.importorskip("torch")
    eye = torch.eye(2, requires_grad=True)
    run = attn.compute(eye, eye, torch.tensor(VALUES), causal=True)
    assert np.allclose(run.output, attn.compute(EYE, EYE, VALUES, causal=True).output, atol=1e-6)
    assert attn.compute(eye.bfloat16(), eye, eye)["q"].dtype == np.float32


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "sizes": ({"heads": 3, "d": 4}, "3 heads (heads=) can't share a width of 4 equally (d=)"),
    "an unknown name": ({"haeds": 3}, "There is no parameter haeds. Did you mean heads?"),
    "a choice a mode does without": (
        {"mode": "linear", "softcap": 2},
        "softcap= is not for mode='linear' (Linear attention).",
    ),
    "a choice of another command": ({"tile": 2}, "tile= is not for compute."),
    "a letter": ({"n": "n"}, "n: 'n' is not a whole number."),
    "a fraction of a row": ({"n": 2.5}, "n: 2.5 is not a whole number."),
    "a range": ({"softcap": -1}, "softcap: -1 is not above 0."),
    "a word": ({"align": "left"}, "align: there is no 'left'."),
    "no truth": ({"causal": "yes"}, "causal: 'yes' is not True or False."),
    "no text": ({"mode": 3}, "mode: 3 is not text."),
    "no number": ({"scale": "x"}, "scale: 'x' is not a number."),
    "not finite": ({"scale": float("nan")}, "scale: nan is not a finite number."),
    "no counts": ({"window": [1.5]}, "window: [1.5] is neither a whole number nor a list of them."),
    "rows": ({"q": [[1, 2], [3]]}, "q: entry [1] has 1 entry; the first one beside it has 2."),
    "a number for a matrix": ({"q": 3.0}, "q= is a single number; a matrix is written [[1, 0]]."),
    "no pair": ({"mask": []}, "mask= is 0: there is no pair in it."),
    "a size beyond counting": ({"n": 10**400}, f"n: 1{'0' * 29}…{'0' * 29} is not at most"),
    "a long name": ({"mode": "x" * 400}, f"mode: there is no mode '{'x' * 30}…{'x' * 29}'."),
    "no array": ({"q": {1, 2}}, "q: it holds "),
    "no mapping": ({"param": [1]}, "param: give arrays by their names, as in {'w': …}."),
    "no record": ({"spec": {"d": 4}}, "spec: {'d': 4} is not a Spec."),
    "another way to keep": ({"keep": "some"}, "keep: 'some' is neither auto nor all."),
    "standard input": ({"q": "-"}, "q: standard input is read by the command line alone."),
}


@pytest.mark.parametrize("what", REFUSED)
def test_errors_name_parameters(what: str) -> None:
    """What is wrong is a ValueError that says heads=, never --heads."""
    values, told = REFUSED[what]
    with pytest.raises(ValueError, match=r".") as caught:
        attn.compute(**values)
    assert isinstance(caught.value, attn.AttnError)
    assert str(caught.value).startswith(told)
    assert "--" not in str(caught.value)


def test_other_refusals() -> None:
    """The other calls refuse as compute does; a list of names holds texts."""
    with pytest.raises(attn.AttnError, match=r"modes: .* is neither text nor a list of texts"):
        attn.compare([1, 2])
    with pytest.raises(attn.AttnError, match="mask: give an expression"):
        attn.mask()
    with pytest.raises(attn.AttnError, match="Masks of 3×3 and 4×4 can't be combined"):
        _ = attn.mask("causal", n=3) & attn.mask("causal", n=4)
    with pytest.raises(attn.AttnError, match="This is a bias alone, without a mask"):
        np.asarray(attn.mask(bias="alibi", heads=2))
    with pytest.raises(
        attn.AttnError, match=r"There is no topic 'scalling'\. Did you mean scaling"
    ):
        attn.explain("scalling")
    with pytest.raises(attn.AttnError, match="There is no parameter zz"):
        attn.complexity(n=3).at(zz=3)
    run = attn.compute(n=2, causal=np.bool_(True))
    assert run.spec.causal is True
    assert repr(run) == "<Run: Scaled dot-product attention>"
    with pytest.raises(attn.AttnError, match="there is no step '0'"):
        run[0]
    with pytest.raises(attn.AttnError, match="q: no numbers are computed with here"):
        attn.complexity(q=EYE)
    large = attn.compute(n=3000, d=1, keep="auto")
    with pytest.raises(attn.AttnError, match="weights was not kept whole: it is too large"):
        large["weights"]


def test_a_cost_in_formulas_and_numbers(attn_command: Attn) -> None:
    """Totals are formulas and numbers, at other sizes too; the document is that of --json."""
    cost = attn.complexity(n=512, d="d")
    n, d = (next(s for s in cost.totals["all"].flops.free_symbols if s.name == x) for x in "nd")
    assert cost.totals["matmul"].flops == 8 * n * d**2 + 4 * n**2 * d
    assert cost.totals["matmul"].value is None
    both = cost.at(d=64)
    assert both.totals["matmul"].value == 8 * 512 * 64**2 + 4 * 512**2 * 64
    assert sum(step.value for step in both.steps) == both.totals["all"].value
    assert both.memory["peak"].value > both.memory["score_matrix"].value
    assert both.kv_cache["per_token"].value == 2 * 64 * 4
    assert both.crossovers[0].at.value == 128
    assert cost.latex().startswith("\\begin{")
    printed = json.loads(attn_command("complexity", "--n", 512, "--d", 64, "--json").out)
    with spelling(as_option):
        assert both.to_dict() == printed
    assert "(no_projections= leaves them out)" in " ".join(both.to_dict()["conventions"])
    model = attn.complexity(config=str(Path(__file__).parent / "configs" / "llama-3-8b.json"))
    assert model.to_dict()["totals"]["kv_cache_bytes_per_token"] == 131_072


def test_masks_are_arrays_that_combine() -> None:
    """& | ~ act on tables pair by pair; forms are those of libraries."""
    causal, near = attn.mask("causal", n=5), attn.mask(window=2, n=5)
    table, other = np.asarray(causal), np.asarray(near)
    assert table.tolist() == np.tri(5, dtype=bool).tolist()
    assert np.array_equal(np.asarray(causal & near), table & other)
    assert np.array_equal(np.asarray(causal | ~near), table | ~other)
    assert causal.pairs == 15
    assert np.array_equal(causal.to("torch-mha"), ~table)
    assert attn.mask(table).matches
    assert np.array_equal(np.asarray(causal & "window(2)"), table & other)
    assert np.array_equal(np.asarray(causal | ~table), np.ones((5, 5), dtype=bool))
    assert attn.mask("causal", n=3, m=5, align="bottom-right").pairs == 12
    run = attn.compute(n=5, mask=causal)
    assert np.array_equal(run["mask"], table)


def test_ways_side_by_side() -> None:
    """Compare takes lists; the first way is what the others are held against."""
    ways = attn.compare(["scaled", "dot"], n=3, d=4, masks=["causal"]).ways
    assert [way.name for way in ways] == ["scaled · causal", "dot · causal"]
    assert ways[0].change is None


def test_results_show_themselves() -> None:
    """Text, a Rich renderable at any width, HTML with real tables, files."""
    from rich.console import Console

    run = attn.compute(EYE, EYE, VALUES)
    for result in (run, attn.complexity(n=8, d=4), attn.mask("causal", n=3), attn.explain("masks")):
        console = Console(width=60, record=True, file=io.StringIO())
        console.print(result)
        assert max(map(len, console.export_text().splitlines())) <= 60
        page = result._repr_html_()
        assert len(re.findall("<table[ >]", page)) == page.count("</table>") > 0
        result.export("page.html", force=True)
    run.export("run.md")
    run.save("run.npz")
    assert np.array_equal(attn.compute(input="run.npz").output, run.output)
    with pytest.raises(attn.AttnError, match=r"run.npz exists already. Add force="):
        run.save("run.npz")


def test_a_run_keeps_its_language() -> None:
    """Meanings are in the language that was spoken when a run was computed, wherever it is read."""
    with attn.speaking("zh"):
        run = attn.compute(EYE, EYE, VALUES)
    assert run.steps[0].meaning != attn.compute(EYE, EYE, VALUES).steps[0].meaning
    assert not str(run).isascii()
    assert "谁最关注谁" in str(run)
    with pytest.raises(attn.AttnError, match=r"lang: no language 'xx'\. Known: en, zh"):
        attn.speaking("xx")


def test_nothing_is_shared_between_threads() -> None:
    """20 threads with choices and languages of their own get what each asked for."""

    def work(number: int) -> tuple[float, str]:
        run = attn.compute(EYE, EYE, VALUES, scale=number + 1)
        topic = attn.explain("masks", language="zh" if number % 2 else "en")
        with pytest.raises(attn.AttnError, match="heads="):
            attn.compute(heads=3, d=4)
        return float(run["scores"][0, 0] * run.spec.scale), topic.title

    titles = [attn.explain("masks", language=one).title for one in ("en", "zh")]
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(work, range(20)))
    assert found == [(number + 1, titles[number % 2]) for number in range(20)]


KINDS: dict[str, Any] = {
    "count": st.integers(1, 9),
    "size": st.integers(1, 9),
    "number": st.floats(1.5, 9),
    "flag": st.booleans(),
    "text": st.sampled_from(["a", "b c"]),
    "counts": st.lists(st.integers(0, 9), min_size=1),
    "names": st.lists(st.sampled_from(["a", "b"]), min_size=1),
}


def _values(known: Choice) -> Any:
    if known.kind == "name":
        return st.sampled_from(known.names or ("a", "b"))
    return KINDS[known.kind]


SPECS = st.fixed_dictionaries({}, optional={name: _values(one) for name, one in CHOICES.items()})


@given(SPECS)
def test_a_record_of_choices_is_saved_and_restored(values: dict[str, Any]) -> None:
    """What is said of a Spec, through JSON and back, is the same Spec."""
    spec = Spec.of(values)
    assert Spec.of(json.loads(json.dumps(spec.said()))) == spec
    assert Spec().under(spec.said()) == spec
    assert spec.under({"n": 3}).n == (values.get("n", 3))
    assert repr(Spec(n=3, causal=True)) == "Spec(n=3, causal=True)"


def test_every_choice_is_a_parameter_of_its_commands(attn_command: Attn) -> None:
    """Each field of Spec is an option of the commands that take it, and of no other."""
    for command in ("compute", "compare", "complexity", "mask"):
        from attn_cli.cli.options import options_of

        have = {option.name for option in options_of(command)} & {*CHOICES}
        assert have == {name for name, one in CHOICES.items() if command in one.takes}
    assert [one.name for one in fields(Spec)] == [*CHOICES]


def test_a_notebook_draws_the_page() -> None:
    """In a notebook that runs without a window, a run is drawn as tables."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    source = "import attn_cli as attn\nattn.compute([[1, 0]], [[1, 0], [0, 1]], [[1, 2], [3, 4]])"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (drawn,) = notebook.cells[0].outputs
    assert drawn.output_type == "execute_result"
    assert "<table" in drawn.data["text/html"]
    assert "<td" in drawn.data["text/html"]
    assert ">67</td>" in drawn.data["text/html"]


WORDS = {
    "mode": [*attn.modes()],
    "normalizer": ["softmax", "hard", "sparsemax", "entmax", "sigmoid"],
    "bias": ["alibi", "t5", "relative(2)"],
    "rope": ["half-split", "interleaved"],
    "dtype": ["float16", "float32", "float64"],
    "layout": ["bhsd", "bshd", "sbe", "thd"],
    "weights_layout": ["in-out", "out-in"],
    "mask": ["causal", "window(2) | global(0)", "~block(2)"],
    "modes": ["scaled,cosine", "dot"],
    "normalizers": ["softmax,hard"],
    "masks": ["causal, none"],
    "layouts": ["mha,mqa"],
    "compare": ["dot,mha", "gqa"],
    "sweep": ["n=2:8"],
    "hardware": ["a100"],
    "as_form": ["torch-mha", "bool"],
    "diff": ["causal"],
}


def _plausible(name: str, known: Choice) -> Any:
    return st.sampled_from(WORDS[name]) if name in WORDS else _values(known)


def outcome(command: str, values: dict[str, Any]) -> Any:
    """What a call gives, or what its refusal says."""
    try:
        return getattr(attn, command)(**values)
    except attn.AttnError as error:
        return str(error)


@pytest.mark.parametrize("command", ["compute", "compare", "complexity", "mask"])
def test_every_choice_goes_through_or_is_refused(command: str) -> None:
    """Any few choices of a command give a result that shows itself, or an AttnError."""
    names = [name for name, one in CHOICES.items() if command in one.takes and name != "config"]

    @settings(max_examples=120, deadline=None, derandomize=True)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
        values = {name: data.draw(_plausible(name, CHOICES[name])) for name in chosen}
        if command == "compute":
            values = {"n": 3, "m": 3, **values} if "text" not in values else values
        result = outcome(command, values)
        if isinstance(result, str):
            assert "--" not in result
            return
        assert str(result)
        assert result._repr_html_()
        assert result.to_dict()

    check()


def test_masks_of_batches_and_heads_meet_in_either_order() -> None:
    """One batch row meets several, whichever stands first; 2 and 3 of them don't meet."""
    causal, lengths = attn.mask("causal", n=3), attn.mask(n=3, lengths=[1, 3])
    expected = np.asarray(causal) & np.asarray(lengths)
    assert expected.shape == (2, 3, 3)
    assert np.array_equal(np.asarray(causal & lengths), expected)
    assert np.array_equal(np.asarray(lengths & causal), expected)
    with pytest.raises(attn.AttnError, match="Masks of 2 and 3 batch rows can't be combined"):
        _ = lengths & attn.mask(n=3, lengths=[1, 2, 3])
    placed = attn.mask("causal", n=4, m=6, align="bottom-right") & "window(3)"
    whole = attn.mask("causal & window(3)", n=4, m=6, align="bottom-right")
    assert np.array_equal(np.asarray(placed), np.asarray(whole))


@pytest.mark.parametrize("name", ["I", "pi", "E", "lambda", "N", "nan", "print"])
def test_a_size_may_have_any_name(name: str) -> None:
    """A letter is a letter, whatever it means to SymPy or to Python."""
    total = attn.complexity(n=name, d=4, no_projections=True).totals["all"].flops
    letters = {symbol.name: symbol for symbol in total.free_symbols}
    assert {*letters} == {name, "d"}
    here = attn.complexity(n=3, d=4, no_projections=True).totals["all"].value
    assert total.subs({letters[name]: 3, letters["d"]: 4}) == here


def test_what_is_given_stays_and_what_is_said_holds() -> None:
    """Inputs and runs don't share memory; False overrides a record; sizes alone move a cost."""
    q = np.ones((3, 4))
    run = attn.compute(q, q, q)
    q[:] = 2
    assert run["q"].max() == 1
    with pytest.raises(ValueError, match="read-only"):
        run.output[:] = 7
    record = attn.Spec(n=3, d=4, causal=True)
    assert attn.compute(spec=record, causal=False)["weights"].all()
    with pytest.raises(attn.AttnError, match="mode= is not a size"):
        attn.complexity(n=3).at(mode="linear")
    with pytest.raises(attn.AttnError, match="q: masked entries are not read"):
        attn.compute(np.ma.masked_array([[1, 2.0]], [[1, 0]]))
    unmasked = np.ma.masked_array([[1, 2.0]], [[0, 0]])
    assert attn.compute(unmasked, [[1, 0]], [[1, 2]]).output.tolist() == [[1, 2]]
    with attn.speaking("zh"):
        said = attn.complexity(n=4, d=4)
    assert str(said) != str(attn.complexity(n=4, d=4))


SHOWN: dict[str, dict[str, tuple[tuple[object, ...], dict[str, object]]]] = {
    "compute": {
        "steps": (("--steps",), {"steps": True}),
        "only": (("--only", "weights"), {"only": "weights"}),
        "start": (("--from", "scaled"), {"start": "scaled"}),
        "show_work": (("--show-work", "weights[q0,k1]"), {"show_work": "weights[q0,k1]"}),
        "head": (("--heads", 2, "--head", 1), {"heads": 2, "head": 1}),
        "batch_index": (("--batch", 2, "--batch-index", 1), {"batch": 2, "batch_index": 1}),
        "precision": (("--precision", 5), {"precision": 5}),
        "percent": (("--percent",), {"percent": True}),
        "everything": (("--n", 20, "--all"), {"n": 20, "everything": True}),
    },
    "compare": {
        "head": (("--heads", 2, "--head", 1), {"heads": 2, "head": 1}),
        "batch_index": (("--batch", 2, "--batch-index", 1), {"batch": 2, "batch_index": 1}),
        "precision": (("--precision", 4), {"precision": 4}),
        "everything": (("--n", 20, "--all"), {"n": 20, "everything": True}),
    },
    "mask": {
        "libraries": (("--mask", "causal", "--n", 3, "--libraries"), {"libraries": True}),
        "head": (
            ("--mask", "causal", "--n", 3, "--bias", "alibi", "--heads", 2, "--head", 1),
            {"bias": "alibi", "heads": 2, "head": 1},
        ),
        "batch_index": (
            ("--mask", "causal", "--n", 3, "--lengths", "1,2", "--batch-index", 1),
            {"lengths": "1,2", "batch_index": 1},
        ),
        "precision": (
            ("--mask", "causal", "--n", 3, "--bias", "alibi", "--precision", 5),
            {"bias": "alibi", "precision": 5},
        ),
        "everything": (
            ("--mask", "causal", "--n", 3, "--lengths", "1,2,3,1,2", "--all"),
            {"lengths": "1,2,3,1,2", "everything": True},
        ),
    },
    "complexity": {
        "details": (("--n", 8, "--d", 4, "--details"), {"n": 8, "d": 4, "details": True}),
        "plot": (
            ("--d", 4, "--sweep", "n=2:8", "--plot"),
            {"d": 4, "sweep": "n=2:8", "plot": True},
        ),
    },
}


@pytest.mark.parametrize(
    ("command", "name"), [(command, name) for command, of in SHOWN.items() for name in of]
)
def test_what_a_page_shows_is_said_in_the_call(attn_command: Attn, command: str, name: str) -> None:
    """A display option of a command is a word of the call: its page is the same."""
    arguments, given = SHOWN[command][name]
    call = getattr(attn, command)
    more = {"expression": "causal", "n": 3} if command == "mask" else {}
    with spelling(as_option):
        page = str(call(**more, **given))
    printed = attn_command(command, *arguments).out.rstrip("\n")
    bare = re.sub(r"\n+Try[,:].*", "", printed, flags=re.S)
    bare = re.sub(r" +look at it$| +--only \w+$| +--steps$", "", bare, flags=re.M)
    page = re.sub(r" All rules: --details|─", "", page)
    assert "".join(re.sub(r"All rules: --details|─", "", bare).split()) == "".join(page.split())


def test_every_display_option_is_a_word_of_the_library() -> None:
    """What only the command line has is about the terminal."""
    terminal = {"step", "theme", "plain", "quiet", "lang", "latex"}
    for name, view in VIEWS.items():
        if view.panel == DISPLAY or name in ("plot",):
            for command in view.takes or ():
                if command in SHOWN and name not in terminal:
                    assert name in SHOWN[command], f"{command} {name}"
