"""A mask in the forms that libraries take it in, and back."""

from typing import Any, NamedTuple

import numpy as np

from attn_cli.arrays.numeric import as_booleans, as_floats
from attn_cli.errors import AttnError, brief, did_you_mean, shape_text

Array = np.ndarray[Any, Any]

LOWEST = float(np.finfo(np.float32).min)
BLOCKED = -1e4
"""Added numbers from here down drop a key: −∞, a type's lowest, −10⁹ and −10⁴ are in use."""


class Form(NamedTuple):
    """One way to write a mask.

    kept, dropped: what stands where a query may attend a key, and where not. axes: the fewest
    axes it has, axes_by_batch those where batch rows differ. heads_first: batch rows and heads
    share one axis, and there is one table for each.
    """

    name: str
    says: str
    kept: float | bool
    dropped: float | bool
    axes: int = 2
    axes_by_batch: int = 3
    heads_first: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Booleans, or 32-bit floats where numbers are added."""
        return np.dtype(bool if isinstance(self.kept, bool) else np.float32)


FORMS = (
    Form("bool", "True = may attend", True, False),
    Form("additive", "0, and -inf where a query may not attend", 0.0, float("-inf")),
    Form(
        "torch-sdpa",
        "attn_mask of scaled_dot_product_attention, True = may attend",
        True,
        False,
        axes_by_batch=4,
    ),
    Form(
        "torch-mha",
        "attn_mask of nn.MultiheadAttention, True = may NOT attend",
        False,
        True,
        heads_first=True,
    ),
    Form("jax", "mask of dot_product_attention, True = may attend", True, False, 4, 4),
    Form("onnx", "attn_mask of Attention, True = may attend", True, False, axes_by_batch=4),
    Form("keras", "attention_mask of MultiHeadAttention, True = may attend", True, False, 3),
    Form(
        "hugging-face",
        "attention_mask of an eager model, 0 and the lowest float32",
        0.0,
        LOWEST,
        4,
        4,
    ),
)


def form_of(name: str, option: str) -> Form:
    """Find a form by name.

    Raises AttnError with the nearest name and all others.
    """
    found = next((form for form in FORMS if form.name == name.lower().replace("_", "-")), None)
    if found is None:
        known = [form.name for form in FORMS]
        raise AttnError(f"{option}: there is no form {brief(name)!r}. {did_you_mean(name, known)}")
    return found


class Layout(NamedTuple):
    """The axes of a mask in a form, with their letters, and how often each table is repeated."""

    shape: tuple[int, ...]
    letters: str
    repeats: int = 1


def form_layout(form: Form, leads: tuple[int, int], n: int, m: int, heads: int) -> Layout:
    """How a mask is laid out in a form.

    leads: the batch rows and heads along which it differs. heads: those that the scores have,
    1 where they have none.
    """
    batch, own_heads = leads
    if form.heads_first and batch * own_heads > 1:
        repeats = heads // own_heads
        return Layout((batch * heads, n, m), "(batch·heads, n, m)", repeats)
    by_batch = form.axes_by_batch if heads == 1 else 4
    axes = max(form.axes, 4 if own_heads > 1 else by_batch if batch > 1 else 2)
    if axes == 4:
        return Layout((batch, own_heads, n, m), "(b, h, n, m)")
    return Layout((batch, n, m), "(b, n, m)") if axes == 3 else Layout((n, m), "(n, m)")


def in_form(allowed: Array, form: Form) -> Array:
    """Booleans, True = may attend, in another form; axes stay."""
    return np.where(allowed, form.kept, form.dropped).astype(form.dtype)


def four_axes(array: Array, option: str, *, with_heads: bool) -> Array:
    """Line a mask up with (batch, heads, n, m), from the right as NumPy does.

    with_heads: the scores have heads, so the first of three axes is theirs and not the batch's.
    Raises AttnError for no axes, and more than four.
    """
    if not 1 <= array.ndim <= 4 or not array.size:
        raise AttnError(f"{option} is {shape_text(array.shape)}; a mask has 1 to 4 axes.")
    shape = (1,) * (4 - array.ndim) + array.shape
    if array.ndim == 3 and not with_heads:
        shape = (array.shape[0], 1, *array.shape[1:])
    return array.reshape(shape)


def with_axes(array: Array, letters: str) -> Array:
    """A mask whose axes are named, as in bnm, with all four: (batch, heads, n, m).

    Raises AttnError for another number of axes than there are letters.
    """
    if array.ndim != len(letters):
        raise AttnError(
            f"‹mask_axes {letters}› names {len(letters)} axes; ‹mask› is "
            f"{shape_text(array.shape)}, with {array.ndim}."
        )
    sizes = dict(zip(letters, array.shape, strict=True))
    return array.reshape([sizes.get(letter, 1) for letter in "bhnm"])


def from_form(array: Array, form: Form, option: str, *, heads: int | None = None) -> Array:
    """Read a mask that is in a form, into booleans (b, h, n, m), True = may attend.

    Raises AttnError for other axes, and for numbers that neither keep nor drop.
    """
    if form.heads_first and array.ndim == 3:
        each = heads if heads and array.shape[0] % heads == 0 else 1
        table = array.reshape(-1, each, *array.shape[1:])
    else:
        table = four_axes(array, option, with_heads=heads is not None)
    if isinstance(form.kept, bool):
        return np.equal(as_booleans(table, option), form.kept)
    numbers = as_floats(table, option)
    odd = (numbers != 0) & ~(numbers <= BLOCKED)
    if odd.any():
        place = tuple(int(at) for at in np.argwhere(odd.reshape(array.shape))[0])
        raise AttnError(
            f"{option}: [{', '.join(map(str, place))}] is {array[place]:g}; an additive mask holds "
            f"0, and numbers from {BLOCKED:g} down. Other numbers are a bias."
        )
    return np.equal(numbers, 0)
