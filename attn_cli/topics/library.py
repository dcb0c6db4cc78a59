"""Where topics and translations lie: one folder for each language, the same names in each."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from attn_cli.language import ENGLISH, Catalogue

LANGUAGES = ("en", "zh")

ORDER = (
    "attention",
    "query-key-value",
    "scores",
    "dot-or-additive",
    "scaling",
    "softmax",
    "overflow",
    "softmax-jacobian",
    "masks",
    "symmetry",
    "soft-and-hard",
    "reinforce",
    "global-and-local",
    "local-p",
    "local-and-hard",
    "images-and-graphs",
    "implicit-and-explicit",
    "self-and-cross",
    "multi-head",
    "grouped-heads",
    "permutation",
    "bottleneck",
    "seq2seq",
    "transformer",
    "residual",
    "positions",
    "complexity",
    "online-softmax",
    "kv-cache",
    "words",
    "sources",
)
"""Topics in the order in which they are best read; those of modes follow."""

SAID = ("steps", "notices", "modes", "words", "gradients", "diagnosis", "faults", "check")
"""Files of texts that are handed to `said`, with those of another language."""

TOLD = ("errors", "facts", "masks", "costs", "help")
"""Files of texts that are put together in English and handed to `told`, with holes {1}, {2}."""

FENCE = re.compile(r"^```(attn|measure|picture)\n(.*?)^```\n", re.M | re.S)


Kind = Literal["text", "attn", "measure", "picture"]

KINDS: dict[str, Kind] = {"attn": "attn", "measure": "measure", "picture": "picture"}


class Part(NamedTuple):
    """A piece of a topic: text, a command that is run, the name of a measurement or a picture."""

    kind: Kind
    content: str


class Topic(NamedTuple):
    """One explanation, in pieces, in their order."""

    name: str
    title: str
    parts: tuple[Part, ...]


def read(name: str, language: str) -> Topic:
    """Read a topic: its first line is the title, fenced parts are run."""
    folder = files(f"attn_cli.topics.{language}")
    text = folder.joinpath(f"{name}.md").read_text(encoding="utf-8")
    title, _, body = text.partition("\n")
    return Topic(name, title.removeprefix("# "), parts(body))


def parts(body: str) -> tuple[Part, ...]:
    """Part Markdown at its fenced pieces."""
    found: list[Part] = []
    end = 0
    for match in FENCE.finditer(body):
        found.append(Part("text", body[end : match.start()]))
        found += [Part(KINDS[match[1]], line) for line in match[2].splitlines()]
        end = match.end()
    found.append(Part("text", body[end:]))
    return tuple(part for part in found if part.content.strip())


@cache
def catalogue(language: str) -> Catalogue:
    """English texts with what another language has for them; empty for English."""
    if language == "en":
        return ENGLISH
    folder = files(f"attn_cli.topics.{language}")
    found = Catalogue()
    found.name = language
    for name in (*SAID, *TOLD):
        found.update(json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8")))
    return found
