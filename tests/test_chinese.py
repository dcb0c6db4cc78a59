"""Chinese through and through: pages, help, errors; by option or environment; the right words."""

from __future__ import annotations

import ast
import json
import re
import shlex
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attn_cli
from attn_cli import language
from attn_cli.cli.app import COMMANDS
from attn_cli.cli.options import options_of
from attn_cli.spec import CHOICES
from attn_cli.spelling import spelling
from attn_cli.topics.library import SAID, TOLD, catalogue
from tests.conftest import Attn, draws
from tests.drawn import choices

LINES = Path(__file__).with_name("chinese_lines.txt").read_text(encoding="utf-8").splitlines()

SMALL_WORDS = (
    *("the", "of", "is", "are", "and", "for", "with", "from", "in", "to", "a", "an", "by", "not"),
    *("or", "that", "which", "what", "it", "its", "has", "have", "be", "as", "at", "on", "than"),
    *("more", "less", "where", "when", "only", "one", "two", "every", "may", "can", "give", "take"),
    *("here", "there", "this", "these", "those", "their", "them", "they", "but", "other", "same"),
    *("both", "between", "before", "after", "above", "below", "into", "over", "how"),
)
"""English words that sentences have, and names, options and formulas have not."""

ENGLISH = re.compile(rf"(?<![\w\-‹/.\"'=`])({'|'.join(SMALL_WORDS)})(?![\w\-=\"'/`])")

AS_THEY_ARE = (
    "“Attention and memory in deep learning”",
    "(mask, else -∞)",
    r"\d·m·a",
    r"·n·m·a = ",
    r"n\.npz.*--is",
    r"attn [a-z]+ .*",
)
"""Titles, formulas and commands, which stay as they are."""


def english_in(page: str) -> list[str]:
    """Lines that have an English sentence, or a part of one."""
    for text in AS_THEY_ARE:
        page = re.sub(text, "", page)
    titles = r"(?<!-)\b(?!help)[a-z]+ attention\b|query head"
    return [x for x in page.splitlines() if ENGLISH.search(x) or re.search(titles, x)]


@pytest.mark.parametrize("line", LINES)
def test_no_english_is_left(attn: Attn, line: str) -> None:
    """No sentence of a page, of help, of a note or of an error is in English."""
    ran = attn(*shlex.split(line)[1:], "--lang", "zh")
    assert english_in(ran.out + ran.err) == []
    assert re.search("[\u4e00-\u9fff]", ran.out + ran.err)


def test_english_is_found(attn: Attn) -> None:
    """The same measure finds English on English pages: it is no measure that always holds."""
    some = LINES[::8]
    found = [line for line in some if english_in("".join(_both(attn, line)))]
    assert len(found) > 0.8 * len(some)


def _both(attn: Attn, line: str) -> tuple[str, str]:
    ran = attn(*shlex.split(line)[1:])
    return ran.out, ran.err


def skeleton(node: ast.expr) -> str | None:
    """A text with {1}, {2} for what is put in; None where it is put together elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    holes = iter(range(1, 100))
    parts = [
        str(one.value) if isinstance(one, ast.Constant) else f"{{{next(holes)}}}"
        for one in node.values
    ]
    return "".join(parts)


def messages() -> set[str]:
    """The text of every error that is raised in the package."""
    found = set()
    for path in Path(attn_cli.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                own = node.func.id.endswith("Error") and node.func.id.startswith(
                    ("Attn", "Shape", "Impossible")
                )
                text = skeleton(node.args[0]) if own and node.args else None
                if text is not None:
                    found.add(text)
    return found


def test_every_error_has_its_chinese() -> None:
    """Every message in the code is in the catalogue, with as many holes."""
    found = messages()
    assert len(found) > 350
    assert found - {*catalogue("zh")} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_all_help_is_chinese(command: str) -> None:
    """Every option of every command, and every group, is told in Chinese."""
    from attn_cli.cli.streams import as_option

    options = [one.annotation.__metadata__[0] for one in options_of(command)]
    with language.speaking(catalogue("zh")), spelling(as_option):
        for one in options:
            assert language.told(one.help) != one.help, one.help
            assert language.told(one.rich_help_panel) != one.rich_help_panel


MASKS = (
    *("causal", "window(3)", "window(2, offset=1)", "left(2)", "right(1)", "lengths(3)"),
    *("prefix(2)", "block(3)", "dilation(2)", "dilation(3)", "stride(3)", "stride(4)"),
    *("global(0)", "global(0, 2)", "documents(0, 0, 1, 1, 2, 2)", "log-sparse", "random(2, 1, 3)"),
    *("neighbourhood(2, 1)", "local-m(1)", "causal(offset=2)"),
)
"""One mask of each kind, some with other numbers."""

SIGNS = st.sampled_from("&|")

EXPRESSIONS = st.recursive(
    st.sampled_from(MASKS),
    lambda inner: st.one_of(
        st.builds("~({})".format, inner), st.builds("({}) {} ({})".format, inner, SIGNS, inner)
    ),
    max_leaves=4,
)


@settings(max_examples=draws(150))
@given(EXPRESSIONS)
def test_every_composition_of_masks_is_chinese(expression: str) -> None:
    """What a mask keeps is told in Chinese throughout, however its parts are put together."""
    with attn_cli.speaking("zh"):
        page = str(attn_cli.mask(expression, n=6))
    assert english_in(page) == [], expression
    assert not re.search("[\u4e00-\u9fff] ?[,;:](?= )", page), expression


@settings(max_examples=draws(100))
@given(choices())
def test_pages_of_all_choices_are_chinese(made: dict[str, object]) -> None:
    """The page of compute and that of its cost, whatever is chosen."""
    taken = {name: one for name, one in made.items() if name in CHOICES}
    taken = {name: one for name, one in taken.items() if "complexity" in CHOICES[name].takes}
    for call, own in ((attn_cli.compute, made), (attn_cli.complexity, taken)):
        with attn_cli.speaking("zh"):
            try:
                page = str(call(**own))
            except attn_cli.AttnError as refused:
                page = language.told(refused.message)
        words = re.sub("the cat sat|le chat|the|cat|sat", "", page)
        assert english_in(words) == [], (own, english_in(words))


REFUSED = (
    "attn compute --mode foo",
    "attn compute --mode additve",
    "attn compute --haeds 2",
    "attn compute --n 4 --only heds",
    "attn compute --normalizer foo",
    "attn compute --bias foo",
    "attn compute --mask foo",
    "attn mask --causal --as foo",
    "attn explain scalling",
    "attn complexity --compare foo",
    "attn foo",
)


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_named_can_be_typed(attn: Attn, line: str) -> None:
    """Names that a refusal lists or suggests are the same in every language."""
    english = attn(*shlex.split(line)[1:]).err
    chinese = attn(*shlex.split(line)[1:], "--lang", "zh").err
    listed = re.search(r"(?:Known:|mean|Biases:|Masks:|There are) (.*?)[.?;\n]", english)
    assert listed is not None
    names = re.findall(r"[\w-]*[a-z][\w-]*", listed[1])
    assert names
    assert [name for name in names if name not in chinese] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_lists_names_that_can_be_typed(attn: Attn, command: str) -> None:
    """Modes, normalizers and forms are listed as they are typed, in every language."""
    english, chinese = (
        attn(command, "--help", "all", "--lang", one).flat.replace("… ", "") for one in ("en", "zh")
    )
    for names in re.findall(r"(?<![\w,] )(?<!\w)([a-z][\w-]+(?:, [a-z][\w-]+){3,})", english):
        inner = names.split(", ")[1:-1]
        assert [name for name in inner if name not in chinese] == [], names


def test_a_readers_own_words_keep_their_spaces() -> None:
    """Chinese meets Chinese without a space; Latin, and a word of one's own, with one."""
    catalogue_ = language.Catalogue(
        {"all of {1}": "全部 {1} 行", "keys": "键", "{1} rows": "{1}行"}
    )
    with language.speaking(catalogue_):
        assert language.told("all of 猫") == "全部 猫 行"
        assert language.told("all of all of x1") == "全部全部 x1 行行"
        assert language.told("n rows") == "n 行"
        assert language.told("all of keys") == "全部 keys 行"


def test_exported_pages_say_their_language(tmp_path: Path) -> None:
    """A screen reader pronounces a page in its own language."""
    for name in ("en", "zh"):
        attn_cli.explain("scores", language=name).export(tmp_path / f"{name}.html")
        assert f'<html lang="{name}">' in (tmp_path / f"{name}.html").read_text("utf-8")


def test_titles_of_sources_stay(attn: Attn) -> None:
    """A bibliography has titles as they are; what is said around them is Chinese."""
    page = attn("explain", "sources", "--lang", "zh").out
    assert "Jointly Learning to Align and Translate" in page
    assert "Joshua Ainslie 等" in page


def test_holes_are_kept() -> None:
    """What is put into a Chinese text is there in the English one."""
    for text, other in catalogue("zh").items():
        holes = [{*re.findall(r"\{\w*\}", one)} for one in (text, other)]
        assert holes[1] <= holes[0], text


def test_no_text_is_there_twice() -> None:
    """A text that is told has one place among the files."""
    folder = files("attn_cli.topics.zh")
    seen: dict[str, str] = {}
    for name in (*SAID, *TOLD):
        for text in json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8")):
            assert name in SAID or text not in seen, (text, name, seen.get(text))
            seen[text] = name


def test_terms_are_those_of_the_field() -> None:
    """Where English has a term of the glossary, Chinese has its word; and none that misleads."""
    folder = files("attn_cli.topics.zh")
    terms = json.loads(folder.joinpath("terms.json").read_text(encoding="utf-8"))
    names = r"‹[^›]*›|--[\w-]+|\{\w+\}|attn \w+"
    for text, other in catalogue("zh").items():
        clean = re.sub(names, "", text)
        for term, words in terms.items():
            if re.search(rf"(?<![\w/.\-]){term}(?![\w/.=\-(\[])", clean):
                kept = re.search(rf"(?<![a-z]){term}(?![a-z])", other)
                assert kept or any(word in other for word in words), (term, text, other)
    whole = "".join(one.read_text(encoding="utf-8") for one in folder.iterdir() if one.is_file())
    assert not re.search("份额|怎样与键相遇|掩蔽", whole)


@pytest.mark.parametrize(
    "variables",
    [
        {"ATTN_LANG": "zh"},
        {"ATTN_LANG": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"},
        {"ATTN_LANG": "", "LC_ALL": "zh_TW.UTF-8", "LANG": "en_GB.UTF-8"},
    ],
)
def test_the_environment_names_the_language(
    attn: Attn, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """ATTN_LANG, then the locale; --lang is stronger."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert "没有空行" in attn("mask", "--causal").out
    assert "错误：" in attn("compute", "--n", "0").err
    assert "no empty row" in attn("mask", "--causal", "--lang", "en").out


def test_another_locale_is_english(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A language that there is not is no error where the environment names it."""
    monkeypatch.setenv("ATTN_LANG", "fr_FR.UTF-8")
    assert "no empty row" in attn("mask", "--causal").out


def test_lang_may_stand_before_the_command(attn: Attn) -> None:
    """The same in front of a command, alone, and with help."""
    assert (
        attn("--lang", "zh", "mask", "--causal").out == attn("mask", "--causal", "--lang", "zh").out
    )
    assert "注意力" in attn("--lang", "zh").out
    assert "掩码" in attn("--lang=zh", "mask", "--help").out
    assert attn("--lang", "zh", "foo").err.startswith("错误：没有命令 'foo'")


def test_exceptions_stay_english() -> None:
    """What the library raises can be searched for, whatever language its pages speak."""
    with pytest.raises(attn_cli.AttnError, match="There is no topic 'foo'"):
        attn_cli.explain("foo", language="zh")


def test_data_is_not_translated(attn: Attn) -> None:
    """Words of a person's own, and names of steps, stay as they are."""
    ran = attn("compute", "--text", "keys queries nothing", "--causal", "--lang", "zh")
    assert "keys" in ran.out
    assert "queries" in ran.out
    assert re.search(r"\d mask  ", ran.out)


@pytest.mark.parametrize(
    "line", ["attn", "attn compute", "attn mask --causal", "attn explain overflow"]
)
def test_commands_to_paste_speak_the_same_language(attn: Attn, line: str) -> None:
    """What a Chinese page proposes to type, or has run, answers in Chinese."""
    page = attn(*shlex.split(line)[1:], "--lang", "zh").out
    commands = re.findall(r"(?:^ *|   |[$•] )(attn [a-z]+ .*)$", page, re.M)
    assert commands
    assert [command for command in commands if "--lang zh" not in command] == []
    assert "--lang" not in attn(*shlex.split(line)[1:]).out


def test_a_wrong_character_is_a_slip(attn: Attn) -> None:
    """A Chinese name that differs by one character is suggested, where it is the only one."""
    assert "是不是想写 多头？" in attn("explain", "多投", "--lang", "zh").err
    assert "是不是想写" not in attn("explain", "多", "--lang", "zh").err


def test_a_terminal_without_chinese_is_told(shell: Attn) -> None:
    """Question marks are explained, in letters that the terminal has; JSON needs none."""
    ran = shell("compute", "--lang", "zh", "--n", 2, PYTHONIOENCODING="ascii")
    assert "has no Chinese letters; each is shown as ?. Set PYTHONIOENCODING=utf-8" in ran.err
    ran = shell("compute", "--lang", "zh", "--n", 2, "--json", PYTHONIOENCODING="ascii")
    assert "Chinese letters" not in ran.err
    ran = shell("compute", "--lang", "zh", "--n", 2, PYTHONIOENCODING="utf-8")
    assert "Chinese letters" not in ran.err
