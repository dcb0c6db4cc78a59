"""Functions that a script defines where an operation has no short form, written for NumPy."""

from __future__ import annotations

SOFTMAX = '''
def softmax(x, axis):
    """Weights that sum to 1; less the largest, nothing overflows; 0 where all is -inf."""
    largest = np.max(x, axis=axis, keepdims=True)
    powers = np.exp(x - np.where(largest == -inf, 0, largest))
    total = np.sum(powers, axis=axis, keepdims=True)
    return powers / np.where(total == 0, 1, total)
'''

SOFTMAX_BESIDE = '''
def softmax_beside(x, sink, axis):
    """Weights that sum to 1 with that of the sink, which is left out."""
    largest = np.maximum(np.max(x, axis=axis, keepdims=True), sink)
    largest = np.where(largest == -inf, 0, largest)
    powers = np.exp(x - largest)
    total = np.sum(powers, axis=axis, keepdims=True) + np.exp(sink - largest)
    return powers / np.where(total == 0, 1, total)
'''

ENTMAX = '''
def entmax(x, alpha, axis):
    """Sparse weights that sum to 1: max((alpha - 1) x - threshold, 0)^(1 / (alpha - 1)).

    The threshold by halving an interval (Peters 2019, algorithm 1), then a step of Newton's,
    through which gradients pass.
    """
    largest = np.max(x, axis=axis, keepdims=True)
    x = (alpha - 1) * (x - np.where(largest == -inf, 0, largest))
    power = 1 / (alpha - 1)
    low, width = np.zeros_like(largest) - 1, 1.0
    for _ in range(60):
        width = width / 2
        above = np.where(x > low + width, x - low - width, 0)
        total = np.sum(above**power, axis=axis, keepdims=True)
        low = np.where(total >= 1, low + width, low)
    inside = x > low
    above = np.where(inside, x - low, 1)
    total = np.sum(np.where(inside, above**power, 0), axis=axis, keepdims=True)
    slope = np.sum(np.where(inside, above ** (power - 1), 0), axis=axis, keepdims=True) * power
    moved = above - (total - 1) / np.where(slope == 0, 1, slope)
    return np.where(inside & (moved > 0), np.where(moved > 0, moved, 1) ** power, 0)
'''

ONE_HOT = '''
def one_hot(x, axis, least=-inf):
    """1 for the largest, the first of equal ones; 0 throughout where none is above the least."""
    largest = np.max(x, axis=axis, keepdims=True)
    best = x == largest
    first = best & (np.cumsum(best, axis=axis) == 1) & (largest > least)
    return np.where(first, np.ones_like(x), np.zeros_like(x))
'''

DRAWN = '''
def drawn(shares, numbers, axis):
    """1 where the running sum of the shares passes a number, else 0."""
    some = shares > 0
    last = np.cumsum(some, axis=axis) == np.sum(some, axis=axis, keepdims=True)
    passed = (np.cumsum(shares, axis=axis) > np.expand_dims(numbers, axis)) | last
    first = some & passed & (np.cumsum(some & passed, axis=axis) == 1)
    return np.where(first, np.ones_like(shares), np.zeros_like(shares))
'''

UNIT = '''
def unit(x):
    """Each row divided by its length; a row of zeros stays."""
    squares = np.sum(x**2, axis=-1, keepdims=True)
    return x / np.where(squares == 0, 1, squares) ** 0.5
'''

ROTATED = '''
def rotated(x, angles):
    """Numbers c and c + d/2 of each row, turned together by an angle."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)
'''

ROTATED_INTERLEAVED = '''
def rotated_interleaved(x, angles):
    """Numbers 2c and 2c + 1 of each row, turned together by an angle."""
    first, second = x[..., 0::2], x[..., 1::2]
    cos, sin = np.cos(angles), np.sin(angles)
    turned = [first * cos - second * sin, first * sin + second * cos]
    return np.stack(turned, axis=-1).reshape(x.shape)
'''

SIGMOID = '''
def sigmoid(x):
    """1 / (1 + e^-x)."""
    power = np.exp(-abs(x))
    return np.where(x < 0, power, 1) / (1 + power)
'''

SCANNED = '''
def scanned(keys, values, axis, gates=None, rates=None, erases=False):
    """A state for each place: S = gate S + rate key (value - what is read)^T.

    erases: what the key reads from the kept state is taken off the value (the delta rule).
    """
    at = lambda x, t: np.moveaxis(x, axis, 0)[t if x.shape[axis] > 1 else 0]
    state, states = 0 * at(keys, 0) * at(values, 0), []
    for t in range(max(keys.shape[axis], values.shape[axis])):
        key, value = at(keys, t), at(values, t)
        state = state if gates is None else state * at(gates, t)
        if erases:
            value = value - np.sum(key * state, axis=-2, keepdims=True)
        state = state + (key * value if rates is None else key * value * at(rates, t))
        states.append(state)
    return np.moveaxis(np.stack(states), 0, axis)
'''

SCANNED_BACK = '''
def scanned_back(x, keys, axis, gates=None, rates=None, erases=False):
    """What a change of each state does later, gathered from the last place to the first."""
    at = lambda x, t: np.moveaxis(x, axis, 0)[t if x.shape[axis] > 1 else 0]
    later, found = 0 * at(x, 0), []
    for t in reversed(range(x.shape[axis])):
        later = later + at(x, t)
        found.insert(0, later)
        if erases:
            read = at(keys, t) * np.sum(at(keys, t) * later, axis=-2, keepdims=True)
            later = later - (read if rates is None else read * at(rates, t))
        later = later if gates is None else later * at(gates, t)
    return np.moveaxis(np.stack(found), 0, axis)
'''

CONSTANT = '''
def constant(x):
    """The same numbers, through which no gradient goes."""
    return {}
'''

HELPERS = {
    "softmax": SOFTMAX,
    "softmax_beside": SOFTMAX_BESIDE,
    "entmax": ENTMAX,
    "one_hot": ONE_HOT,
    "drawn": DRAWN,
    "unit": UNIT,
    "rotated": ROTATED,
    "rotated_interleaved": ROTATED_INTERLEAVED,
    "sigmoid": SIGMOID,
    "scanned": SCANNED,
    "scanned_back": SCANNED_BACK,
}
"""Helper functions by name; `constant` is each library's own."""
