"""Markdown of a topic as lines of a page: paragraphs, lists, drawings; its marks are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from attn_cli.views.page import Lines


def paragraphs(text: str) -> Iterator[Lines]:
    """Every paragraph, list and fenced drawing, in their order."""
    for node in SyntaxTreeNode(MarkdownIt().parse(text)).children:
        if node.type == "fence":
            drawing = tuple(node.content.rstrip("\n").split("\n"))
            yield Lines(drawing, indented=False, apart=True, kind="drawing")
        elif node.type == "bullet_list" and all(map(_is_command, node.children)):
            commands = tuple(map(_plain, node.children))
            yield Lines(commands, indented=False, apart=True, kind="command")
        elif node.type in ("bullet_list", "ordered_list"):
            yield Lines(tuple(_items(node)), indented=False, apart=True)
        else:
            yield Lines((_plain(node),), indented=False, apart=True)


def _is_command(item: SyntaxTreeNode) -> bool:
    """Whether an item of a list is code and nothing else."""
    return bool(re.fullmatch("`[^`]+`", item.children[0].children[0].content))


def _items(node: SyntaxTreeNode) -> Iterator[str]:
    start = int(node.attrs.get("start", 1))
    for at, item in enumerate(node.children, start):
        sign = "-" if node.type == "bullet_list" else f"{at}."
        yield f"{sign} {_plain(item)}"


def _plain(node: SyntaxTreeNode) -> str:
    """The words of a piece of Markdown, without its marks, in one line."""
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(map(_plain, node.children)) if node.children else node.content
