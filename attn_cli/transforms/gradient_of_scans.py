"""The gradient of a state that each place changes: from the last place back to the first."""

from __future__ import annotations

from typing import NamedTuple

from attn_cli.program import Axes, Step
from attn_cli.transforms.backward import Backward, product


class _Scan(NamedTuple):
    """A scan with its operands; gate and rate are None where there are none."""

    step: Step
    key: Step
    value: Step
    gate: Step | None
    rate: Step | None

    @property
    def wide(self) -> Axes:
        """Axes of what is written at each place: those of the state without the key's width."""
        return (*self.step.axes[:-2], self.step.axes[-1])

    @property
    def long(self) -> Axes:
        """Axes of keys at each place: those of the state without the value's width."""
        return self.step.axes[:-1]


def scan(b: Backward, step: Step, d: Step) -> None:
    """Gather d from the end, then take it apart as S_t = g_t S_(t-1) + r_t k_t (v_t - e_t)ᵀ.

    With A_t the gathered d: v_t has r_t A_tᵀ k_t, k_t has A_t times what was written, r_t the
    product of v_t - e_t and A_tᵀ k_t, g_t that of S_(t-1) and what of A_t goes on before t.
    """
    p, name = b.program, step.name
    key, value, *others = step.operands
    roles = {role: others[place - 2] for role, place in step.options["roles"].items()}
    one = _Scan(step, key, value, roles.get("gate"), roles.get("rate"))
    gathered = p.scan_back(
        d,
        key,
        over=step.options["over"],
        gate=one.gate,
        rate=one.rate,
        erases=step.options["erases"],
        name=f"{name}_gathered",
    )
    pulled = _product(b, gathered, key, one.wide, f"{name}_pulled")
    fresh, kept, before = _fresh(b, one)
    turned = pulled
    if one.rate is not None:
        turned = p.multiply(pulled, one.rate, one.wide, name=f"{name}_rated")
        rate = one.rate
        b.give(rate, step, one.wide, lambda n: p.multiply(pulled, fresh, one.wide, name=n))
    b.give(value, step, one.wide, lambda n: p.apply("identity", turned, name=n))
    written = fresh
    if one.rate is not None:
        written = p.multiply(fresh, one.rate, one.wide, name=f"{name}_written")
    if kept is None:
        b.give(key, step, one.long, lambda n: _product(b, gathered, written, one.long, n))
    else:
        asked = _product(b, gathered, written, one.long, f"{name}_asked")
        read = _product(b, kept, turned, one.long, f"{name}_unread")
        b.give(key, step, one.long, lambda n: p.subtract(asked, read, name=n))
    if one.gate is None or not b.wants(one.gate):
        return
    before = before or p.earlier(step, over=step.options["over"], name=f"{name}_before")
    through = gathered
    if kept is not None:
        erased = _product(b, key, turned, step.axes, f"{name}_erased")
        through = p.subtract(gathered, erased, name=f"{name}_through")
    b.give(one.gate, step, step.axes, lambda n: p.multiply(before, through, step.axes, name=n))


def _fresh(b: Backward, one: _Scan) -> tuple[Step, Step | None, Step | None]:
    """What is new of a value, v_t - e_t; where the state is read, what is kept and was before."""
    p, step = b.program, one.step
    if not step.options["erases"]:
        return one.value, None, None
    before = p.earlier(step, over=step.options["over"], name=f"{step.name}_before")
    kept = before
    if one.gate is not None:
        kept = p.multiply(before, one.gate, step.axes, name=f"{step.name}_kept")
    read = _product(b, kept, one.key, one.wide, f"{step.name}_read")
    whole = one.value
    if whole.axes != one.wide:
        whole = p.repeat(whole, one.wide, name=f"{step.name}_values")
    return p.subtract(whole, read, name=f"{step.name}_new"), kept, before


def _product(b: Backward, first: Step, second: Step, axes: Axes, name: str) -> Step:
    """A contraction whose axes are those of its operands."""
    atoms = b.program.sizes.atoms
    reads = atoms(first.axes), atoms(second.axes)
    return product(b.program, first, second, reads, axes, atoms(axes), name)
