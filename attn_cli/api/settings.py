"""What a run writes beside its arrays, so that it can be read back as it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from attn_cli.api.requests import Request
from attn_cli.arrays.digests import digest

Array = np.ndarray[Any, Any]


def settings_of(request: Request, decoded: tuple[str, ...], output: Array) -> dict[str, Any]:
    """Choices as they were settled, and of every array whether it was random and its digest."""
    choices = request.choices
    inputs = [step.name for step in request.program.inputs]
    return {
        "mode": request.mechanism.name,
        "bias": choices.bias and choices.bias.name,
        "rope": choices.rope and ("interleaved" if choices.rope.interleaved else "half-split"),
        "rope_base": choices.rope and choices.rope.base,
        "positions": "sinusoidal" if choices.sinusoidal else None,
        "residual": choices.residual or None,
        "norm": choices.norm,
        "offset": choices.offset,
        "local": None if choices.local_p is None else "p",
        "local_d": choices.local_p,
        "normalizer": choices.normalizer.name,
        "temperature": choices.temperature,
        "activation": choices.activation if "activation" in request.mechanism.takes else None,
        "alpha": choices.alpha if choices.normalizer.name == "entmax" else None,
        "block_size": choices.block_size,
        "query_index": request.query,
        "heads": choices.heads,
        "kv_heads": choices.kv_heads,
        "scale": choices.scale,
        "softcap": choices.softcap,
        "seed": request.seed,
        "by_element": choices.by_element,
        "random": list(request.drawn),
        "usual": dict(request.usual),
        "digests": {name: digest(array) for name, array in request.arrays.items()},
        "placed": request.chosen.placed,
        "decoded": {"facts": list(decoded), "output": digest(output)} if decoded else None,
        "labels": {axis: list(names) for axis, names in request.labels.items()},
        "inputs": [*inputs, "mask"] if "mask" in request.program else inputs,
        "causal": choices.mask is not None and "mask" not in request.program,
        "mask": choices.mask and {"name": choices.mask.name, "says": choices.mask.says},
    }
