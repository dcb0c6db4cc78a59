"""Every source that a page names: authors, title, venue, where it is, whether it was checked."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Source(NamedTuple):
    """A source. name: as pages name it. link: an arXiv number, a DOI or an address.

    checked: whether title and link were seen together in other people's lists or documentation.
    """

    name: str
    authors: str
    title: str
    venue: str
    link: str
    checked: bool = True

    @property
    def address(self) -> str:
        """Where it can be read."""
        kind, _, rest = self.link.partition(":")
        return {"arXiv": f"https://arxiv.org/abs/{rest}", "doi": f"https://doi.org/{rest}"}.get(
            kind, self.link
        )


@cache
def sources() -> tuple[Source, ...]:
    """All of them, in the order of their names."""
    text = files("attn_cli.topics").joinpath("sources.json").read_text(encoding="utf-8")
    return tuple(Source(**one) for one in json.loads(text))


NAMED = re.compile(r"\b(?:Gemma Team|DeepSeek-V2|[A-Z][A-Za-zé]+) (?:19|20)\d\d(?!\d)")
"""How a page names a source: Vaswani 2017."""


def named_in(text: str) -> set[str]:
    """The sources that a text names."""
    return {*NAMED.findall(text)}
