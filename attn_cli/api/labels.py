"""Words that name positions: from sentences, options, files and saved runs, by their axes."""

from __future__ import annotations

from collections.abc import Mapping

from attn_cli.api.given import Arrays
from attn_cli.api.reading import Reading
from attn_cli.arrays.tables import Names
from attn_cli.arrays.tokens import labels
from attn_cli.errors import AttnError
from attn_cli.language import said
from attn_cli.mechanisms import Layout, Mechanism
from attn_cli.program import Program, Sizes
from attn_cli.spec import Spec
from attn_cli.spelling import choice

SAID = 6
"""Names that a notice lists."""

Words = dict[str, tuple[str, ...]]
"""Names of positions, by the axis or, where said so, the letter of the axis."""

OPTIONS = {"labels": ("n", "text"), "key_labels": ("m", "context_text")}
"""What names rows: the letter of their axis, and the sentence that would name them too."""


def words_of(
    read: Reading,
    text: Mapping[str, tuple[str, ...]],
    arrays: Arrays,
    mechanism: Mechanism,
    layout: Layout,
    sizes: Sizes,
) -> Words:
    """All names that are given, those of options over those of files.

    text: the words of sentences, by the letter of their axis.
    Raises AttnError where two of them name the same positions differently.
    """
    spec, found = read.now, {}
    if not text and not replaced(arrays):
        saved = read.settings.get("labels", {})
        found = {axis: tuple(names) for axis, names in saved.items()}
        found.update(_of_input(read, mechanism, sizes))
    found.update(_of_files(read, layout))
    found.update(_by_axis(text, mechanism))
    found.update(_by_axis(given_labels(spec), mechanism))
    if spec.key_labels is not None and len(found["m"]) not in _keys(sizes):
        counts = " or ".join(map(str, _keys(sizes)))
        raise AttnError(f"‹key_labels›: {len(found['m'])} words for {counts} keys.")
    return found


def _keys(sizes: Sizes) -> list[int]:
    """How many keys there are: all, and behind a cache those that are new."""
    return [sizes[axis] for axis in ("m", "m_new") if axis in sizes]


def given_labels(spec: Spec) -> Words:
    """Words of options, by the letter of their axis.

    Raises AttnError where a sentence names the same rows.
    """
    refuse_named(spec)
    return {
        letter: labels(getattr(spec, name), choice(name))
        for name, (letter, _) in OPTIONS.items()
        if getattr(spec, name) is not None
    }


def refuse_named(spec: Spec) -> None:
    """Raise AttnError for names of rows whose sentence names them too."""
    for name, (_, sentence) in OPTIONS.items():
        if getattr(spec, name) is not None and getattr(spec, sentence) is not None:
            raise AttnError(
                f"{choice(name)}: {choice(sentence)} names its rows itself; leave one out."
            )


def _of_input(read: Reading, mechanism: Mechanism, sizes: Sizes) -> Words:
    """Names that stand beside the arrays of an input file."""
    found = _by_axis(read.labels, mechanism)
    for (axis, words), name in zip(found.items(), read.labels, strict=True):
        if len(words) != sizes.get(axis, 0):
            entry = "labels" if name == "n" else "key_labels"
            count = f"{len(words)} word{'s' if len(words) > 1 else ''}"
            raise AttnError(f"‹input›, {entry}: {count} for {sizes.get(axis, 0)} rows.")
    return found


def _by_axis(words: Mapping[str, tuple[str, ...]], mechanism: Mechanism) -> Words:
    return {mechanism.axis(letter): names for letter, names in words.items()}


def _of_files(read: Reading, layout: Layout) -> Words:
    """Names of rows and columns that the files of arrays have."""
    found: Words = {}
    named_by: dict[str, str] = {}
    for name, names in read.names.items():
        axes = layout.axes.get(name, ())
        for axis, words in zip(axes[-2:], names, strict=False):
            if not words:
                continue
            if found.get(axis, words) != words:
                raise AttnError(
                    f"{choice(name)}: it names {', '.join(words[:3])} what "
                    f"{choice(named_by[axis])} names {', '.join(found[axis][:3])}. Give the same "
                    "names."
                )
            found[axis], named_by[axis] = words, name
    return found


def taken_names(names: Mapping[str, Names]) -> tuple[str, ...]:
    """Says of each file whose first row or first column was taken for names."""
    found = []
    for name, (rows, columns) in names.items():
        own = choice(name)
        if columns:
            text = "{name}: its first row names the columns: {words}."
            found.append(said(text, name=own, words=_first(columns)))
        if rows:
            text = "{name}: its first column names the rows: {words}."
            found.append(said(text, name=own, words=_first(rows)))
    return tuple(found)


def _first(words: tuple[str, ...]) -> str:
    return ", ".join(words[:SAID]) + (" …" if len(words) > SAID else "")


def replaced(arrays: Arrays) -> bool:
    """Whether rows are given other than those that saved words name."""
    return any(getattr(arrays, name) is not None for name in ("q", "k", "x", "context", "past_k"))


def fitting(words: Words, program: Program, sizes: Sizes) -> Words:
    """Names of all axes that have any; in self-attention those of queries are those of keys too.

    Behind a cache, new keys go on being k0, k1; keys of a block go by the names that they have
    among all. Names that are more or fewer than the positions are left out.
    """
    found = _completed(dict(words), program)
    return {axis: names for axis, names in found.items() if len(names) == sizes.get(axis, 0)}


def _completed(found: Words, program: Program) -> Words:
    if "n" in found and "m" not in found and "context" not in program:
        found["m"] = found["n"]
    if "m_past" in program.sizes and len(found.get("m", ())) != program.sizes["m"]:
        past = found.get("m_past") or tuple(f"past{j}" for j in range(program.sizes["m_past"]))
        new = found.get("m_new") or found.get("m")
        new = new or tuple(f"k{j}" for j in range(program.sizes["m_new"]))
        found["m_new"], found["m"] = new, (*past, *new)
    for step in program:
        if step.operation == "slice":
            keys = found.get("m") or tuple(f"k{j}" for j in range(program.sizes["m"]))
            within = step.options["within"]
            found[step.options["axis"]] = keys[within.start : within.stop]
    return found
