"""How mathematics is written: in Unicode for a terminal, in LaTeX for a page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

LETTERS: Mapping[str, str] = {
    "q": "Q",
    "k": "K",
    "v": "V",
    "x": "X",
    "context": "C",
}
"""Letters of the arrays that have one by custom; the others go by their step's name."""


SHORT = 3
"""Indices of matrices up to this length are capitals: W_Q, W_UK, but W_query."""

WORDS = ("key",)
"""Short indices that are words all the same: W_key stands beside W_query."""


def letter(name: str) -> str:
    """The letter of an array: by custom, W for matrices, else its name."""
    if name in LETTERS:
        return LETTERS[name]
    head, _, index = name.partition("_")
    if head == "b" and index in ("q", "k", "v", "o"):
        return f"b_{index.upper()}"
    if head != "w":
        return name
    spelled = len(index) > SHORT or index in WORDS
    return "_".join(filter(None, ("W", index if spelled else index.upper())))


TEXT_SIGNS = str.maketrans(
    {
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"}\lt\text{",
        ">": r"}\gt\text{",
    }
)
"""Signs of words inside mathematics; no less-than sign, which HTML beside it would read."""


class Notation(ABC):
    """One way to write mathematics."""

    infinity: str

    @abstractmethod
    def symbol(self, name: str) -> str:
        """The letter of an array, or its name."""

    @abstractmethod
    def words(self, text: str) -> str:
        """Plain words inside a formula."""

    @abstractmethod
    def rule(self, plain: str, latex: str) -> str:
        """A rule that is written in both ways already."""

    @abstractmethod
    def product(self, first: str, second: str) -> str:
        """Two matrices multiplied."""

    @abstractmethod
    def transposed(self, matrix: str) -> str:
        """A matrix on its side."""

    @abstractmethod
    def root(self, number: str) -> str:
        """A square root."""

    @abstractmethod
    def length(self, row: str) -> str:
        """The length of a row."""

    @abstractmethod
    def quotient(self, above: str, below: str) -> str:
        """A division."""

    @abstractmethod
    def call(self, function: str, argument: str) -> str:
        """A function of something."""

    @abstractmethod
    def times(self, first: str, second: str) -> str:
        """A number times something."""

    @abstractmethod
    def each(self, first: str, second: str) -> str:
        """Two arrays multiplied element by element."""

    @abstractmethod
    def before(self, name: str) -> str:
        """What a running array was one place earlier."""

    @abstractmethod
    def after(self, name: str) -> str:
        """What a running array is one place later."""

    @abstractmethod
    def power(self, base: str, exponent: str) -> str:
        """A number to a power."""

    @abstractmethod
    def outer(self, column: str, row: str) -> str:
        """Each number of one with each of another."""

    @abstractmethod
    def total(self, axes: str, term: str) -> str:
        """A sum over axes."""


class Unicode(Notation):
    """For terminals and text files."""

    infinity = "-∞"

    def symbol(self, name: str) -> str:
        return letter(name)

    def words(self, text: str) -> str:
        return text

    def rule(self, plain: str, _: str) -> str:
        return plain

    def product(self, first: str, second: str) -> str:
        return f"{first} {second}"

    def transposed(self, matrix: str) -> str:
        return f"{matrix}ᵀ"

    def root(self, number: str) -> str:
        return f"√{number}" if number.isalnum() else f"√({number})"

    def length(self, row: str) -> str:
        return f"|{row}|"

    def quotient(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def call(self, function: str, argument: str) -> str:
        return f"{function}({argument})"

    def times(self, first: str, second: str) -> str:
        return f"{first} · {second}"

    def each(self, first: str, second: str) -> str:
        return f"{first} ⊙ {second}"

    def before(self, name: str) -> str:
        return f"{name}_(t-1)"

    def after(self, name: str) -> str:
        return f"{name}_(t+1)"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{exponent}"

    def outer(self, column: str, row: str) -> str:
        return f"{column} ⊗ {row}"

    def total(self, axes: str, term: str) -> str:
        return f"Σ_{axes} {term}"


class Latex(Notation):
    """For pages and slides; every formula stands inside math mode."""

    infinity = r"-\infty"

    def symbol(self, name: str) -> str:
        written = letter(name)
        if written == name:
            escaped = name.replace("_", r"\_")
            return rf"\mathrm{{{escaped}}}"
        head, _, index = written.partition("_")
        shown = index if index.isupper() or index.isdigit() else rf"\mathrm{{{index}}}"
        return f"{head}_{{{shown}}}" if index else head

    def words(self, text: str) -> str:
        return rf"\text{{{text.translate(TEXT_SIGNS)}}}"

    def rule(self, _: str, latex: str) -> str:
        return latex

    def product(self, first: str, second: str) -> str:
        return rf"{first} \, {second}"

    def transposed(self, matrix: str) -> str:
        return rf"{matrix}^{{\top}}"

    def root(self, number: str) -> str:
        return rf"\sqrt{{{number}}}"

    def length(self, row: str) -> str:
        return rf"\lVert {row} \rVert"

    def quotient(self, above: str, below: str) -> str:
        return rf"\frac{{{above}}}{{{below}}}"

    def call(self, function: str, argument: str) -> str:
        return rf"\operatorname{{{function}}}\left({argument}\right)"

    def times(self, first: str, second: str) -> str:
        return rf"{first} \cdot {second}"

    def each(self, first: str, second: str) -> str:
        return rf"{first} \odot {second}"

    def before(self, name: str) -> str:
        return f"{self.symbol(name)}_{{t-1}}"

    def after(self, name: str) -> str:
        return f"{self.symbol(name)}_{{t+1}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def outer(self, column: str, row: str) -> str:
        return rf"{column} \otimes {row}"

    def total(self, axes: str, term: str) -> str:
        return rf"\sum_{{{axes}}} {term}"
