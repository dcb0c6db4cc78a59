"""Faults of heads: how they are split, which keys they share, how they are joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attn_cli.faults.fault import Array, Fault, Setting
from attn_cli.program import Axes, Program, Step
from attn_cli.transforms.rewriting import Change, read_as

VASWANI = "Vaswani 2017, section 3.2.2"

SPLIT = ("q", "k", "v")


def _split_steps(setting: Setting) -> list[Step]:
    """The steps that have heads first: split from a packed array, or projected."""
    found = []
    for name in SPLIT:
        step = setting.program.find(f"{name}_heads") or setting.program.find(name)
        if step is not None and step.operation in ("rearrange", "contract"):
            found.append(step)
    return found if all("h" in s.axes or "h_kv" in s.axes for s in found) else []


def _packed(p: Program, step: Step, operands: tuple[Step, ...]) -> tuple[Step, Axes]:
    """Rows with all their heads side by side, and the axes of those."""
    head, row, width = step.axes[-3:]
    lead = step.axes[:-3]
    if step.operation == "rearrange":
        return operands[0], (*lead, row, head, width)
    axes = (*lead, row, f"({head} {width})")
    options = {**step.options, "makes": p.sizes.atoms((*lead, row, head, width))}
    return p.record("contract", operands, axes, f"{step.name}_packed", **options), axes


def _not_transposed(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
    packed, _ = _packed(p, step, operands)
    return read_as(p, packed, p.sizes.atoms(step.axes), step.axes, step.name)


def _width_first(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
    packed, _ = _packed(p, step, operands)
    head, row, width = step.axes[-3:]
    lead = step.axes[:-3]
    return read_as(p, packed, p.sizes.atoms((*lead, row, width, head)), step.axes, step.name)


def _split_by(change: Change) -> Callable[[Setting], Iterable[Setting]]:
    def edit(setting: Setting) -> Iterable[Setting]:
        steps = _split_steps(setting)
        if steps:
            changes = {step.name: change for step in steps}
            yield from setting.rewriting(changes)

    return edit


def _joined_as_they_lie(setting: Setting) -> Iterable[Setting]:
    """Heads, rows, widths one behind the other are taken for rows of all heads."""
    if not setting.has("heads") or "h" not in setting.program["heads"].axes:
        return
    output = setting.program["output"]

    def change(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        mixed = operands[0]
        lead = mixed.axes[:-3]
        packed: Axes = (*lead, "n", "(h d_v)")
        atoms = p.sizes.atoms(packed)
        if step.operation == "rearrange":
            return read_as(p, mixed, atoms, step.axes, step.name)
        joined = read_as(p, mixed, atoms, packed, "joined")
        matrix = operands[1]
        return p.record(
            "contract",
            (joined, matrix),
            step.axes,
            step.name,
            reads=(atoms, p.sizes.atoms(matrix.axes)),
            makes=p.sizes.atoms(step.axes),
        )

    if output.operation in ("rearrange", "contract"):
        yield from setting.rewriting({"output": change}, whole=True)


def _tiled(setting: Setting) -> Iterable[Setting]:
    """Query head h reads key head h mod h_kv: the groups run the other way."""
    if "group_size" not in setting.program.sizes:
        return

    def turned(atoms: Axes) -> Axes:
        if "group_size" not in atoms or "h_kv" not in atoms:
            return atoms
        other = {"group_size": "h_kv", "h_kv": "group_size"}
        return tuple(other.get(atom, atom) for atom in atoms)

    def change(p: Program, step: Step, operands: tuple[Step, ...]) -> Step:
        options = {
            **step.options,
            "reads": tuple(map(turned, step.options["reads"])),
            "makes": turned(step.options["makes"]),
        }
        return p.record(step.operation, operands, step.axes, step.name, **options)

    changes = {step.name: change for step in setting.program if "reads" in step.options}
    yield from setting.rewriting(changes)


def _reversed(setting: Setting) -> Iterable[Setting]:
    """The heads of what is given in the opposite order; those that W_O reads stay."""
    if "h" not in setting.program.sizes:
        return
    arrays: dict[str, Array] = {}
    for name in (*SPLIT, "w_q", "w_k", "w_v", "past_k", "past_v"):
        step = setting.program.find(name)
        if name not in setting.arrays or step is None:
            continue
        array, heads = setting.arrays[name], setting.size("h" if name[-1] == "q" else "h_kv")
        if name[-1] != "q" and "h_kv" not in setting.program.sizes:
            heads = setting.size("h")
        split_already = array.ndim == 4 or name.startswith("past")
        if split_already:
            arrays[name] = array[..., ::-1, :, :]
        else:
            parts = array.reshape(*array.shape[:-1], heads, -1)
            arrays[name] = parts[..., ::-1, :].reshape(array.shape)
    if arrays:
        yield setting.given(**arrays)


FAULTS = (
    Fault(
        "heads-not-transposed",
        "Rows of all heads are viewed as heads without exchanging the axes.",
        "Axes are split, then heads come before rows.",
        _split_by(_not_transposed),
        "q.view(batch, heads, n, head_dim)",
        "",
        VASWANI,
    ),
    Fault(
        "heads-width-first",
        "The width runs before the heads when a row is split.",
        "A row holds one head behind the other.",
        _split_by(_width_first),
        "q.view(batch, n, head_dim, heads).permute(0, 3, 1, 2)",
        "",
        VASWANI,
    ),
    Fault(
        "heads-joined-without-transposing",
        "Heads are joined as they lie, without exchanging heads and rows first.",
        "Rows come before heads again, then the heads stand side by side.",
        _joined_as_they_lie,
        "out.reshape(batch, n, heads * head_dim)",
        "",
        VASWANI,
    ),
    Fault(
        "kv-heads-tiled",
        "Key heads are tiled: query head h reads key head h mod h_kv.",
        "Each key head serves a run of neighbouring query heads.",
        _tiled,
        "k.repeat(1, groups, 1, 1)",
        "",
        "torch: repeat_interleave; ONNX Attention-23",
    ),
    Fault(
        "heads-reversed",
        "The heads stand in the opposite order.",
        "They stand in the order in which they are given.",
        _reversed,
        "q.flip(1)",
        "",
        VASWANI,
    ),
)
"""Faults of heads."""
