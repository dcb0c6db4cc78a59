"""A page of HTML as text: headings, lines, and tables as Markdown has them."""

from __future__ import annotations

from html.parser import HTMLParser

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "caption", "figcaption", "summary")
LINES = ("p", "div", "li", "br", "section", "pre", "tr", "figure", "table")
SILENT = ("script", "style", "title", "svg")


class _Reader(HTMLParser):
    """Collects lines; a table's rows between bars, its head ruled off."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.cells: list[str] | None = None
        self.rows = 0
        self.silent = 0

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        """Begin a line, a heading, a row or a cell."""
        if tag in SILENT:
            self.silent += 1
        elif tag in ("td", "th") and self.cells is not None:
            self.cells.append("")
        elif tag == "tr":
            self.cells = []
        elif tag in HEADINGS:
            self.lines += ["", "## "]
        elif tag in LINES:
            self.lines.append("")
            if tag == "table":
                self.rows = 0

    def handle_endtag(self, tag: str) -> None:
        """End a row: the first of a table is its head."""
        if tag in SILENT:
            self.silent = max(self.silent - 1, 0)
        elif tag == "tr" and self.cells is not None:
            self.lines.append(f"| {' | '.join(one.strip() for one in self.cells)} |")
            if not self.rows:
                self.lines.append("|" + "---|" * max(len(self.cells), 1))
            self.rows += 1
            self.cells = None
        elif tag in (*HEADINGS, *LINES):
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        """Text of a cell, or of a line."""
        if self.silent:
            return
        text = " ".join(data.split())
        if self.cells:
            self.cells[-1] += text.replace("|", r"\|")
        elif self.cells is None:
            self.lines[-1] += f"{text} " if text else ""


def plain_text(html: str) -> str:
    """The text of a page of HTML, whose tables are Markdown's."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "\n".join(line.rstrip() for line in reader.lines)
