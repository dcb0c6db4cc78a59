"""`attn explain`: every topic in both languages, run; and Chinese for every meaning and notice."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import shlex
import textwrap
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import attn_cli
from attn_cli import language, mechanisms
from attn_cli.api import diagnose as diagnosing
from attn_cli.api import drawings, layouts, observed, reconcile
from attn_cli.api import measurements as measured
from attn_cli.cli import help as help_pages
from attn_cli.costs import conventions as counted_so
from attn_cli.costs import counting
from attn_cli.data.samples import SAMPLES
from attn_cli.faults import FAULTS, masking, placing, rotations, scores
from attn_cli.faults.dropout import DROPOUT
from attn_cli.mechanisms.normalizers import NORMALIZERS
from attn_cli.topics.bibliography import named_in, sources
from attn_cli.topics.en import gradients
from attn_cli.topics.en.steps import MEANINGS
from attn_cli.topics.library import KINDS, LANGUAGES, ORDER, TOLD, catalogue, read
from attn_cli.views import focus, reconciliation_page, ways_page
from attn_cli.views.wrapping import BREAK, breakable, unmarked
from attn_cli.worked.exercises import LEVELS
from attn_cli.worked.slips import SLIPS
from tests.conftest import Attn
from tests.programs import normal

FOLDER = Path(attn_cli.__file__).parent
MODES = [one.name for one in mechanisms.MECHANISMS]
HEADS = {"en": ("**Sources**", "**Next**"), "zh": ("**出处**", "**接下来**")}


@pytest.fixture(autouse=True)
def english() -> None:
    """Each test begins in English."""
    language.speak(language.ENGLISH)


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_the_same_topics_in_every_language(spoken: str) -> None:
    """Every language has just the topics of the list."""
    files = (FOLDER / "topics" / spoken).glob("*.md")
    assert sorted(path.stem for path in files) == sorted(ORDER)


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("name", ORDER)
def test_a_topic_has_all_its_parts(name: str, spoken: str) -> None:
    """A title, something computed live, the same as in English, sources, and what comes next."""
    topic = read(name, spoken)
    run = [part.content for part in topic.parts if part.kind != "text"]
    assert run == [part.content for part in read(name, "en").parts if part.kind != "text"]
    assert run
    text = "\n".join(part.content for part in topic.parts if part.kind == "text")
    assert topic.title
    assert all(head in text for head in HEADS[spoken])
    assert len(text) < 2000 or name == "words"
    assert all(kind in KINDS for kind in re.findall(r"```(\w+)", text))


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("name", [*ORDER, *MODES])
def test_every_topic_runs(attn: Attn, name: str, spoken: str) -> None:
    """With its commands and measurements, and no sign that only marks where lines may end."""
    ran = attn("explain", name, "--lang", spoken)
    assert ran.status == 0, ran.err
    assert not ran.err
    assert BREAK not in ran.out
    assert "FLOPs" in ran.out or name in (
        "implicit-and-explicit",
        "bottleneck",
        "scaling",
        "softmax-jacobian",
        "reinforce",
        "dot-or-additive",
        "sources",
    )


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("name", ORDER)
def test_every_next_command_runs(attn: Attn, name: str, spoken: str) -> None:
    """What a topic proposes to try works, in the reader's language."""
    text = "".join(part.content for part in read(name, spoken).parts if part.kind == "text")
    listed = re.findall(r"^- `attn (.*)`$", text, re.M)
    assert listed
    for line in listed:
        assert spoken == "en" or "--lang zh" in line
        arguments = re.findall(r'"[^"]*"|\S+', line)
        ran = attn(*(argument.strip('"') for argument in arguments))
        assert ran.status == 0, (line, ran.err)


def test_the_list(attn: Attn) -> None:
    """Every topic and every mode, with its title, in both languages."""
    for spoken in LANGUAGES:
        page = attn("explain", "--lang", spoken).out
        assert all(name in page and read(name, spoken).title in page for name in ORDER)
        assert all(name in page for name in MODES)
    assert "线性注意力" in page


def test_refusals(attn: Attn) -> None:
    """A topic or a language that there is not."""
    ran = attn("explain", "scalling")
    assert ran.status == 2
    assert "There is no topic 'scalling'. Did you mean scaling? attn explain lists all." in ran.err
    ran = attn("compute", "--lang", "de")
    assert ran.err == "Error: --lang: no language 'de'. Known: en, zh.\n"


@pytest.mark.parametrize("name", [*ORDER, *MODES])
def test_plain_pages_are_ascii(attn: Attn, name: str) -> None:
    """English topics need no other signs, but for the words of other languages in them."""
    page = attn("explain", name, "--plain").out
    assert re.sub(r"zone \w+ \w+|[À-ÿ]", "", page).isascii()


def collected() -> set[str]:
    """Every English text that is said: literal ones, and those that lists hold."""
    texts = set(MEANINGS.values())
    for one in mechanisms.MECHANISMS:
        texts |= {one.title, one.about, *one.meanings.values()}
    texts |= {one.means for one in NORMALIZERS}
    texts |= {*ways_page.EXPLAINED, *focus.LOOKING.values(), *focus.MORE.values()}
    texts |= {*focus.LOOKED_AT.values(), counted_so.RUNS, counted_so.SINK, counted_so.MEMORY}
    texts |= {
        counted_so.MULTIPLY_AND_ADD,
        *counted_so.TOLD.values(),
        *counted_so.FUNCTIONS.values(),
    }
    texts |= {*counted_so.ENTMAX.values(), counted_so.HALVED}
    texts |= {*counted_so.BY_SHAPE.values()}
    texts |= {*gradients.ENDINGS.values(), gradients.WHOLE, gradients.GIVEN}
    texts |= {gradients.THROUGH, gradients.SUMMED_OVER, *observed.PLACES.values(), observed.COLUMNS}
    texts |= {text for one in (*FAULTS, DROPOUT) for text in (one.does, one.meant)}
    texts |= {"the lowest number of the type"}
    texts |= {text for pair in rotations.TURNED.values() for text in pair}
    texts |= {*layouts.WHAT.values()}
    texts |= {
        text
        for module in (placing, masking, scores)
        for name in ("tells_mask", "_tells_scale", "_tells_causal")
        for text in handed(module, name)
        if not text.startswith(("‹", "without"))
    }
    texts |= {text for way in help_pages.WAYS for text in way}
    texts |= {text for _, text in help_pages.ALONE}
    texts |= {one.about for one in SAMPLES}
    texts |= {one.says for one in (*SLIPS, *LEVELS)} | {diagnosing.GIVEN, diagnosing.ROUNDED}
    texts |= {
        *reconcile.TYPES.values(),
        *reconciliation_page.OURS,
        *reconciliation_page.OURS.values(),
        reconcile.BINARY,
    }
    texts |= {
        text
        for module in (counting, reconcile)
        for name in ("Answer", "times", "share", "of_the_core", "_shared")
        for text in handed(module, name)
    }
    for measure in measured.MEASURES.values():
        found = measure()
        texts |= {found.what, *found.columns}
    for module in pkgutil.walk_packages(attn_cli.__path__, "attn_cli."):
        if not module.name.endswith("__main__"):
            texts |= literal(importlib.import_module(module.name))
    return texts


def literal(module: object) -> set[str]:
    """Texts that a module hands to `said`: strings, and names of strings."""
    path = getattr(module, "__file__", None)
    tree = ast.parse(Path(path).read_text(encoding="utf-8")) if path else ast.parse("")
    named = {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    texts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "said":
            texts |= (
                {
                    inner.value
                    for inner in ast.walk(node.args[0])
                    if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
                }
                if isinstance(node.args[0], ast.Constant)
                else set()
            )
            if isinstance(node.args[0], ast.Name) and node.args[0].id in named:
                texts |= texts_of(tree, node.args[0].id)
    return texts


def handed(module: object, name: str) -> set[str]:
    """Texts that a module hands to a function."""
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name
    ]
    return {
        one.value
        for call in calls
        for one in call.args
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def texts_of(tree: ast.AST, name: str) -> set[str]:
    """Every string that a name stands for somewhere in a module."""
    return {
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    }


def told() -> set[str]:
    """Texts of the files that are told, which tests/test_chinese.py reads."""
    folder = files("attn_cli.topics.zh")
    each = (folder.joinpath(f"{name}.json").read_text(encoding="utf-8") for name in TOLD)
    return {text for one in each for text in json.loads(one)}


def test_everything_that_is_said_is_said_in_chinese() -> None:
    """Every text has its Chinese, and nothing else has: this names what is missing or left over."""
    english = {text for text in collected() if text}
    known = set(catalogue("zh"))
    assert english - known == set()
    assert known - english - told() == set()
    for text, chinese in ((one, catalogue("zh")[one]) for one in english):
        fields = [sorted(re.findall(r"\{(\w*)\}", one)) for one in (text, chinese)]
        assert fields[0] == fields[1], text


def test_meanings_and_notices_turn_chinese(attn: Attn) -> None:
    """On the page, in JSON and on standard error; numbers stay as they are."""
    chinese = attn("compute", "--mask", "causal(offset=-1)", "--lang", "zh")
    assert "每个查询与每个键的匹配程度" in chinese.out
    assert chinese.err.startswith("注意：q0 没有可以关注的键")
    assert "谁最关注谁" in chinese.out
    english = attn("compute", "--mask", "causal(offset=-1)")
    numbers = [re.findall(r"-?\d+\.\d\d", ran.out.split("Try")[0]) for ran in (chinese, english)]
    assert sorted(numbers[0]) == sorted(numbers[1])
    document = json.loads(attn("compute", "--lang", "zh", "--json").out)
    assert document["steps"][0]["meaning"] == "所问的内容"
    assert "注意" in attn("mask", "--global", 0, "--causal", "--lang", "zh").err
    assert "可以关注" in attn("mask", "--causal", "--lang", "zh").out
    assert "计数约定" in attn("complexity", "--details", "--lang", "zh").out
    assert "熵" in attn("compare", "--lang", "zh").out
    assert "what is asked" in attn("compute").out


def test_lines_of_chinese_end_where_they_may() -> None:
    """Between characters, never before a comma; words of other languages stay whole."""
    marked = breakable("softmax 得分，是（数）的 query。")
    assert unmarked(marked) == "softmax 得分，是（数）的 query。"
    assert marked.split(BREAK) == ["softmax 得", "分，", "是", "（数）", "的 query。"]
    assert breakable("no Chinese, no marks") == "no Chinese, no marks"


def test_what_scaling_measures() -> None:
    """The variance of plain scores is d, of scaled ones 1; the slope goes to 0 with the width."""
    found = measured.scaling()
    for row in found.rows:
        for weight, slope in (row[2:4], row[5:7]):
            # p (1 - p) is concave: its mean is below that of the mean
            assert float(slope) < float(weight) * (1 - float(weight))
        width, variance = int(row[0]), float(row[1].replace(",", ""))
        assert variance == pytest.approx(width, rel=0.1)
        assert float(row[4]) == pytest.approx(1, rel=0.1)
    slopes = [float(row[3]) for row in found.rows]
    assert slopes == sorted(slopes, reverse=True)
    assert slopes[-1] < 0.04 < 0.2 < float(found.rows[-1][6])


def test_what_sampling_measures() -> None:
    """The mean of sampled outputs comes near the soft one as 1/√draws does."""
    found = [(float(row[1]), float(row[2])) for row in measured.sampling().rows]
    assert found[-1][0] < 0.02 < found[0][0]
    assert all(apart < 5 * expected for apart, expected in found)


def test_what_the_jacobian_measures() -> None:
    """For one row, whose weight is 1, it is W_V alone; where all look alike it is a share of it."""
    arrays = {name: normal(place, 3, 3) for place, name in enumerate(("w_q", "w_k", "w_v"))}
    weights, changes = measured.influences({"x": normal(5, 1, 3), **arrays})
    assert weights.tolist() == [[1.0]]
    assert changes[0, 0] == pytest.approx(np.sqrt((arrays["w_v"] ** 2).sum()), rel=1e-8)
    flat = {**arrays, "w_q": np.zeros((3, 3))}
    weights, changes = measured.influences({"x": normal(5, 4, 3), **flat})
    assert np.allclose(weights, 1 / 4)
    assert np.allclose(changes, np.sqrt((arrays["w_v"] ** 2).sum()) / 4, rtol=1e-6)
    rows = measured.jacobian().rows
    assert min(rows[:3], key=lambda row: float(row[1])) == max(
        rows[:3], key=lambda row: float(row[2])
    )


def test_what_the_bottleneck_measures() -> None:
    """A mean of m vectors has a cosine of about 1/√m with each."""
    for row in measured.bottleneck().rows:
        assert float(row[1]) == pytest.approx(float(row[2]), rel=0.15)


def test_the_way_through_the_topics(attn: Attn) -> None:
    """Each page says which one it is and which is next; the last has none."""
    first = attn("explain", ORDER[0]).out
    assert f"Page 1 of {len(ORDER)}; next: attn explain {ORDER[1]}" in first
    last = attn("explain", ORDER[-1], "--lang", "zh").out
    assert f"第 {len(ORDER)} 篇，共 {len(ORDER)} 篇" in last
    assert "下一篇" not in last


def test_the_door(attn: Attn) -> None:
    """`attn` alone says what attention is, three commands that run, and where to go."""
    page = attn().out
    assert "weighted mean of the words" in page
    for line in help_pages.TRY:
        assert line in page
        assert attn(*shlex.split(line)[1:]).status == 0
    assert all(who in page for who, _ in help_pages.WAYS)


def test_the_booklet(attn: Attn) -> None:
    """All pages in their order, on the terminal and in one file of any kind."""
    ran = attn("explain", "--all")
    heads = ["\n".join(textwrap.wrap(read(name, "en").title, 80)) for name in ORDER[:-1]]
    places = [f"\n{ran.out}".index(f"\n{head}\n") for head in heads]
    assert places == sorted(places)
    attn("explain", "--all", "--export", "book.html")
    assert "Attention, step by step" in Path("book.html").read_text(encoding="utf-8")
    booklet = attn_cli.explain(everything=True)
    for suffix in (".html", ".md", ".tex", ".txt"):
        text = booklet.exported(suffix).decode()
        assert "Attention, step by step" in text
        assert "Weights are not symmetric" in text
    assert "权重不是对称的" in str(attn_cli.explain(everything=True, language="zh"))
    refused = attn("explain", "scaling", "--all")
    assert refused.err == "Error: --all has no effect with a topic. Leave one out.\n"


def test_every_source_is_in_the_bibliography() -> None:
    """What a page, a mode, a mask, a fault or a document names has an entry with a link."""
    known = {one.name for one in sources()}
    package = Path(attn_cli.__file__).parent
    paths = [*package.rglob("*.py"), *package.rglob("*.md"), *package.rglob("zh/*.json")]
    paths += Path(package.parent, "docs").glob("*.md")
    named = set()
    for path in paths:
        named |= named_in(path.read_text(encoding="utf-8"))
    assert len(named) > 45
    assert named - known - NO_SOURCES == set()
    for one in sources():
        assert one.address.startswith("https://")
        assert one.title
        assert one.venue
    assert [one.name for one in sources()] == sorted(one.name for one in sources())


NO_SOURCES = {"Linnainmaa 1970", "Ottosson 2020", "Higham 2002"}
"""Named in the code alone, where no page shows them."""


def test_reinforce_is_measured() -> None:
    """The error falls with the draws, and the mean reward as a baseline makes it smaller."""
    *rows, variance = measured.reinforce().rows
    errors = [[float(cell) for cell in row[1:]] for row in rows]
    assert errors[-1][0] < 0.02 < errors[0][0]
    assert all(steadied < plain for plain, steadied in errors)
    assert float(variance[2]) < float(variance[1])


def test_forgetting_is_measured() -> None:
    """The change of the last state with a word falls with the distance."""
    sizes = [float(row[1]) for row in measured.forgetting().rows]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-3 < sizes[0]


def test_pictures_are_drawn_from_numbers() -> None:
    """The bell is e^(-distance² / 2σ²); shapes are those of a run; heads share in runs."""
    (bars,) = [*drawings.bell()]
    assert [bar.text for bar in bars.bars][:3] == ["0.43", "0.73", "0.96"]
    (flow,) = [*drawings.flow()]
    assert "output 3×2" in flow.lines[-1]
    assert {line[29:30] for line in flow.lines[4:11]} == {"│", "┘"}
    heads, _ = drawings.shared_heads()
    assert heads.rows[1][1] == "0 0 0 0 1 1 1 1"
    assert max(len(line) for line in flow.lines) <= 38


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("attention sink", "Softmax: from scores to shares"),
        ("softmax saturates", "Why saturated weights stop learning"),
        ("what is a kv cache", "The key/value cache"),
        ("why divide by sqrt d", "Scaling: why scores are divided by √d"),
        ("why are scores scaled", "Scaling: why scores are divided by √d"),
        ("how many flops", "What attention costs"),
        ("is attention symmetric", "Weights are not symmetric"),
        ("sliding window mask", "Masks: who may look at whom"),
        ("cross attention in the decoder", "Self-attention and cross-attention"),
    ],
)
def test_a_question_is_answered_by_a_page_that_has_its_words(
    attn: Attn, asked: str, title: str
) -> None:
    """Words beside a topic's name stand on its page, in some form."""
    assert attn("explain", *asked.split()).out.startswith(title)


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("low rank bottleneck", "Near it is bottleneck."),
        ("associative memory", "Near it is complexity."),
        ("batch norm", "Near it is residual."),
        ("linear regression", "Near it is linear."),
        ("head pruning", "Near it is multi-head."),
        ("how does cat learn mat", ""),
        ("beam search", ""),
    ],
)
def test_no_page_of_another_subject_is_shown(attn: Attn, asked: str, near: str) -> None:
    """Where no page has the words, that is said; one that is near is named."""
    ran = attn("explain", *asked.split())
    assert ran.status == 2
    assert f"There is no topic {asked!r}. {near}".strip() in ran.err
    assert "attn explain lists all." in ran.err
