"""Pages as people lay them out: those that are right hold, and one changed digit is found."""

from __future__ import annotations

import pytest

import attn_cli as attn

GIVEN = "Q = [[1, 0], [0, 1]]\nK = [[2, 0], [0, 1]]\nV = [[10, 0], [0, 20]]\n"
SCORES = "S = [[2, 0], [0, 1]]\n"
SCALED = "scaled = [[1.414, 0], [0, 0.707]]\n"
WEIGHTS = "[[0.804, 0.196], [0.330, 0.670]]"
"""softmax of 1.414, 0 and 0, 0.707."""

PAGES = {
    "a row before the whole": (
        f"{GIVEN}{SCORES}\nA_1 = [0.804, 0.196]\n\nA = {WEIGHTS}\n",
        "0.330",
    ),
    "sums before a result": (
        f"{GIVEN}A = {WEIGHTS}\n"
        "Output_1 = 0.804*[10, 0] + 0.196*[0, 20] = [8.04, 0] + [0, 3.92] = [8.04, 3.92]\n",
        "3.92]\n",
    ),
    "written quotients": (
        f"{GIVEN}scaled = [[1.414, 0], [0, 0.707]]\n"
        "A = [[4.112/5.112, 1.000/5.112], [1.000/3.028, 2.028/3.028]]\n"
        f"  = {WEIGHTS}\n",
        "0.804",
    ),
    "words behind rows": (
        "Q = [[1, 0],   # the\n     [0, 1]]   # cat\n"
        "K = [[2, 0],   ← the\n     [0, 1]]   ← cat\n"
        f"V = [[10, 0],  <- the\n     [0, 20]]  <- cat\nA = {WEIGHTS}\n",
        "0.670",
    ),
    "weights that are the identity": (
        f"X = [[1, 0], [0, 1]]\nW_Q = W_K = W_V = I_2\n{SCORES.replace('2', '1')}",
        "[0, 1]]\nend",
    ),
    "three names for one matrix": (
        "Q = K = V = X\n\nX = [[1, 0], [0, 1]]\nS = [[1, 0], [0, 1]]\n",
        "[0, 1]]\nend",
    ),
    "names as Vaswani writes them": (
        "X = [[1, 0], [0, 1]]\nW^Q = [[1, 0], [0, 1]]\nW^K = [[2, 0], [0, 1]]\n"
        f"W^V = [[10, 0], [0, 20]]\nK = [[2, 0], [0, 1]]\nA = {WEIGHTS}\n",
        "0.196",
    ),
    "side by side": (
        "Q = [[1, 0],    K = [[2, 0],    V = [[10, 0],\n"
        "     [0, 1]]         [0, 1]]         [0, 20]]\n\n"
        f"A = {WEIGHTS}\n",
        "0.804",
    ),
    "a mask of 0 and -inf": (
        f"{GIVEN}{SCALED}\n## Causal mask\n\nM = [[0, -inf], [0, 0]]\n\n## Weights\n\n"
        "A = [[1, 0], [0.330, 0.670]]\n",
        "0.330",
    ),
    "causal, said by nothing but a heading": (
        f"# With a causal mask\n\n{GIVEN}{SCORES}A = [[1, 0], [0.330, 0.670]]\n",
        "0.670",
    ),
    "LaTeX": (
        "$Q = \\begin{bmatrix} 1 & 0 \\\\ 0 & 1 \\end{bmatrix}$\n\n"
        "$K = \\begin{bmatrix} 2 & 0 \\\\ 0 & 1 \\end{bmatrix}$\n\n"
        "$V = \\begin{bmatrix} 10 & 0 \\\\ 0 & 20 \\end{bmatrix}$\n\n"
        "$$\\text{softmax}\\left(\\frac{QK^T}{\\sqrt{d_k}}\\right) = "
        "\\begin{bmatrix} 0.804 & 0.196 \\\\ 0.330 & 0.670 \\end{bmatrix}$$\n",
        "0.196",
    ),
    "what torch prints": (
        f"{GIVEN}>>> weights\ntensor([[0.8044, 0.1956],\n        [0.3302, 0.6698]])\n",
        "0.1956",
    ),
}


@pytest.mark.parametrize("layout", PAGES)
def test_a_right_page_holds(layout: str) -> None:
    """Nothing is wrong, and nothing is said to follow from something wrong."""
    page, _ = PAGES[layout]
    found = attn.check(page)
    assert found.match, (found.wrong, found.carried)
    assert found.points[0] >= 2


@pytest.mark.parametrize("layout", PAGES)
def test_one_changed_number_is_found(layout: str) -> None:
    """The number that is no longer right is named, with its line."""
    page, number = PAGES[layout]
    page, number = (f"{page}end", number) if number.endswith("end") else (page, number)
    digit = max(at for at, sign in enumerate(number) if sign.isdigit())
    other = number[:digit] + ("7" if number[digit] != "7" else "4") + number[digit + 1 :]
    at = page.rindex(number)
    changed = page[:at] + other + page[at + len(number) :]
    found = attn.check(changed)
    assert not found.match
    line = page.count("\n", 0, at + digit) + 1
    assert line in {one.line for one in found.wrong}, found.wrong


def test_a_mask_filled_with_zeros_is_one_fault() -> None:
    """Scores filled with 0 are one mistake; what is computed from them follows from it."""
    page = f"{GIVEN}{SCALED}masked = [[1.414, 0], [0, 0.707]]\nA = {WEIGHTS}\n"
    found = attn.check(page, causal=True)
    assert [one.cell for one in found.wrong] == ["masked[q0,k1]"]
    assert not found.report.missed
    assert "was that meant?" in str(found)


def test_a_forgotten_scale_costs_one_point() -> None:
    """A rule is one mistake: its entries are named once, with the rule."""
    page = f"{GIVEN}{SCORES}{SCALED}A = [[0.881, 0.119], [0.269, 0.731]]\n"
    found = attn.check(page)
    assert [one.cause.id for one in found.report.missed] == ["missing-scale"]
    assert found.points == (11, 12)
    assert "√" in str(found)


def test_little_of_a_page_read_is_said_first() -> None:
    """How much was read stands before the verdict."""
    rest = "\n".join(f"The loss is {at}.{at}5 after step {at}." for at in range(1, 40))
    found = attn.check(f"{GIVEN}{SCORES}\n{rest}\n")
    assert found.notices[0].startswith("16 of about ")


def test_a_guessed_name_is_never_wrong() -> None:
    """Numbers below a name that may be something else are not judged."""
    found = attn.check(
        f"{GIVEN}{SCORES}\nThe attention paid, sharpened:\n[[0.9, 0.1], [0.2, 0.8]]\n"
    )
    assert found.match
