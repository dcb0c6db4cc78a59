"""A program read by torch, whose autograd is the oracle of our gradients: rules of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from attn_cli.program import Program, Sizes, Step

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def run(program: Program, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every step as a tensor of float64."""
    made: dict[str, Any] = dict(given)
    for step in program:
        if step.operation != "input":
            operands = [made[operand.name] for operand in step.operands]
            made[step.name] = RULES[step.operation](step, operands, program.sizes)
    return made


def spelled(array: Any, axes: tuple[str, ...], target: tuple[str, ...], sizes: Sizes) -> Any:
    """An array over all of the target's single axes, those that it has not of size one."""
    own = sizes.atoms(axes)
    array = array.reshape(sizes.shape(own))
    order = sorted(range(len(own)), key=lambda place: target.index(own[place]))
    sorted_axes = [own[place] for place in order]
    array = array.permute(order) if order else array
    return array.reshape([sizes[a] if a in sorted_axes else 1 for a in target])


def both(step: Step, operands: list[Any], sizes: Sizes) -> list[Any]:
    """Operands that broadcast against the step's single axes."""
    target = sizes.atoms(step.axes)
    return [spelled(x, o.axes, target, sizes) for x, o in zip(operands, step.operands, strict=True)]


def whole(x: Any, step: Step, sizes: Sizes) -> Any:
    """The result in the step's own shape."""
    target = sizes.shape(sizes.atoms(step.axes))
    return x.broadcast_to(target).reshape(sizes.shape(step.axes))


def contract(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """By einsum over single letters."""
    left, right = step.options["reads"]
    makes = step.options["makes"]
    letters = dict(zip(dict.fromkeys((*left, *right)), LETTERS, strict=False))
    text = ",".join("".join(letters[a] for a in reads) for reads in (left, right))
    arrays = [
        x.reshape(sizes.shape(reads)) for x, reads in zip(operands, (left, right), strict=True)
    ]
    made = torch.einsum(f"{text}->{''.join(letters[a] for a in makes)}", *arrays)
    return made.reshape(sizes.shape(step.axes))


def rearrange(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """By permuting."""
    (reads,) = step.options["reads"]
    order = [reads.index(axis) for axis in step.options["makes"]]
    return operands[0].reshape(sizes.shape(reads)).permute(order).reshape(sizes.shape(step.axes))


def axis(step: Step) -> int:
    """The axis that a step works along, of its first operand."""
    return step.operands[0].axes.index(step.options["over"])


def softmax(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """With a sink as one more score; a row of −∞ is 0."""
    x, *sink = operands
    if sink:
        target = sizes.atoms(step.axes)
        beside = spelled(sink[0], step.operands[1].axes, target, sizes)
        scores = x.reshape(sizes.shape(target))
        shape = (*scores.shape[:-1], 1)
        shares = torch.softmax(torch.cat([scores, beside.broadcast_to(shape)], -1), -1)[..., :-1]
        return shares.reshape(x.shape)
    empty = torch.isneginf(x).all(axis(step), keepdim=True)
    shares = torch.softmax(torch.where(empty, torch.zeros_like(x), x), axis(step))
    return torch.where(empty, torch.zeros_like(x), shares)


def entmax(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """By the support that bisection finds, held still: the threshold follows in closed form."""
    x, alpha = operands[0], step.options["alpha"]
    place = axis(step)
    low = (alpha - 1) * x.detach().amax(place, keepdim=True) - 1
    high = low + 1
    dead = torch.isneginf(x.detach()).all(place, keepdim=True)
    for _ in range(200):
        middle = (low + high) / 2
        powers = ((alpha - 1) * x.detach() - middle).clamp(min=0) ** (1 / (alpha - 1))
        above = powers.sum(place, keepdim=True) >= 1
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    inside = ((alpha - 1) * x.detach() > low) & ~dead
    scores = torch.where(inside, (alpha - 1) * x, torch.zeros_like(x))
    # one Newton step from a threshold that is exact gives the threshold its own derivative
    power = 1 / (alpha - 1)
    gap = torch.where(inside, scores - torch.where(dead, 0.0, low), torch.ones_like(x))
    total = torch.where(inside, gap**power, 0.0).sum(place, keepdim=True)
    slope = torch.where(inside, power * gap.detach() ** (power - 1), 0.0).sum(place, keepdim=True)
    shift = torch.where(dead, 0.0, (total - 1) / torch.where(dead, 1.0, slope))
    moved = torch.where(inside, (gap - shift).clamp(min=0), torch.ones_like(x))
    return torch.where(inside, moved**power, torch.zeros_like(x))


def scan(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """One place after another."""
    atoms = sizes.atoms(step.axes)
    along = atoms.index(step.options["over"])
    parts = [part.movedim(along, 0) for part in both(step, operands, sizes)]
    roles = step.options["roles"]
    states = []
    state = torch.zeros([sizes[a] for a in atoms if a != step.options["over"]], dtype=torch.float64)
    for t in range(sizes[step.options["over"]]):
        key, value = parts[0][t], parts[1][t]
        gate, rate = (
            parts[roles[role]][min(t, len(parts[roles[role]]) - 1)] if role in roles else 1.0
            for role in ("gate", "rate")
        )
        kept = gate * state
        if step.options["erases"]:
            value = value - (key * kept).sum(-2, keepdim=True)
        state = kept + rate * key * value
        states.append(state)
    return torch.stack(states, along).reshape(sizes.shape(step.axes))


def allow(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """Pair by pair."""
    shape = sizes.shape(step.axes)
    table = torch.zeros(shape, dtype=torch.bool)
    for place in np.ndindex(*shape):
        at = dict(zip(step.axes, place, strict=True))
        i, j = np.array([[at["n"]]]), np.array([[at["m"]]])
        kept = step.options["rule"].allows(i, j, at.get("b", 0), at.get("h", 0))
        table[place] = bool(np.asarray(kept).reshape(()))
    return table


def tabulate(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """The table's own numbers."""
    shape = sizes.shape(step.axes)
    numbers = step.options["table"].number(np, *np.ix_(*map(np.arange, shape)))
    return torch.from_numpy(np.array(np.broadcast_to(numbers, shape)))


def rotate(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """As a product of complex numbers."""
    x, angles = operands
    own = step.operands[1].axes
    turn = spelled(angles.double(), own, (*sizes.atoms(step.axes[:-1]), own[-1]), sizes)
    x = x.reshape([*sizes.shape(sizes.atoms(step.axes[:-1])), x.shape[-1]])
    half = x.shape[-1] // 2
    pairs = (x[..., 0::2], x[..., 1::2])
    if not step.options["interleaved"]:
        pairs = (x[..., :half], x[..., half:])
    turned = torch.complex(*pairs) * torch.exp(1j * turn)
    parts = torch.stack([turned.real, turned.imag], -1 if step.options["interleaved"] else -2)
    return parts.reshape(sizes.shape(step.axes))


def pair(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """Both repeated, then side by side."""
    lead = sizes.atoms(step.axes[:-1])
    parts = []
    for x, operand in zip(operands, step.operands, strict=True):
        width = x.shape[-1]
        own = sizes.atoms(operand.axes)
        laid = spelled(x, operand.axes, (*lead, own[-1]), sizes)
        parts.append(laid.broadcast_to([*sizes.shape(lead), width]))
    return torch.cat(parts, -1).reshape(sizes.shape(step.axes))


def gather(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """By indexing."""
    entries, places = operands
    axes = (*step.operands[1].axes, *step.operands[0].axes[1:])
    return entries[places.long()].permute([axes.index(a) for a in step.axes])


def unit(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """Each row by its length."""
    return operands[0] / operands[0].norm(dim=-1, keepdim=True)


def multiply(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """Element by element, or kept where True."""
    x, y = both(step, operands, sizes)
    made = torch.where(y, x, torch.zeros_like(x)) if y.dtype == torch.bool else x * y
    return whole(made, step, sizes)


def reduce(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """The sum, or the largest."""
    kept = len(step.axes) == len(step.operands[0].axes)
    if step.options["how"] == "sum":
        return operands[0].sum(axis(step), keepdim=kept)
    return operands[0].max(axis(step), keepdim=kept).values


def subtract(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """−∞ less anything is −∞."""
    x, y = both(step, operands, sizes)
    lost = torch.isneginf(x)
    made = torch.where(lost, x, torch.where(lost, torch.zeros_like(x), x) - y)
    made = torch.where(lost.broadcast_to(made.shape), torch.full_like(made, -torch.inf), made)
    return whole(made, step, sizes)


def masked(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """−∞ where it is not allowed."""
    x, allowed = both(step, operands, sizes)
    return whole(torch.where(allowed, x, torch.full_like(x, -torch.inf)), step, sizes)


def divide(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """By 0 is 0."""
    x, y = both(step, operands, sizes)
    return whole(x / torch.where(y == 0, torch.ones_like(y), y), step, sizes)


def sliced(step: Step, operands: list[Any], sizes: Sizes) -> Any:
    """Neighbouring places."""
    within = step.options["within"]
    return operands[0].narrow(axis(step), within.start, len(within))


FUNCTIONS = {
    "identity": lambda x: x,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "exp": torch.exp,
    "elu+1": lambda x: torch.nn.functional.elu(x) + 1,
}

RULES: dict[str, Any] = {
    "allow": allow,
    "within": lambda s, o, z: o[0].abs() <= s.options["reach"],
    "tabulate": tabulate,
    "gather": gather,
    "contract": contract,
    "rearrange": rearrange,
    "concat": lambda s, o, z: torch.cat(o, s.axes.index(s.options["over"])),
    "scale": lambda s, o, z: (
        o[0] / z[s.options["rsqrt"]] ** 0.5 if s.options["rsqrt"] else o[0] * float(s.options["by"])
    ),
    "softcap": lambda s, o, z: s.options["cap"] * torch.tanh(o[0] / s.options["cap"]),
    "add": lambda s, o, z: whole(sum(both(s, o, z)), s, z),
    "multiply": multiply,
    "rotate": rotate,
    "apply": lambda s, o, z: FUNCTIONS[s.options["function"]](o[0]),
    "unit": unit,
    "pair": pair,
    "mask": masked,
    "softmax": softmax,
    "reduce": reduce,
    "subtract": subtract,
    "divide": divide,
    "entmax": entmax,
    "repeat": lambda s, o, z: whole(both(s, o, z)[0], s, z),
    "slice": sliced,
    "larger": lambda s, o, z: torch.maximum(*o),
    "cumsum": lambda s, o, z: o[0].cumsum(axis(s)),
    "scan": scan,
}
