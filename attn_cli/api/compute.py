"""Attention step by step on given numbers."""

from __future__ import annotations

from typing import Any, Literal

from attn_cli.api.cells import step_named
from attn_cli.api.decode import wanted_request
from attn_cli.api.evaluated import evaluated
from attn_cli.api.given import Arrays, arranged
from attn_cli.api.looking import Look, Progress, look_taken, silent
from attn_cli.api.run import Run
from attn_cli.arrays.sources import Sources
from attn_cli.errors import AttnError
from attn_cli.spec import Spec, refuse_other


def compute(
    q: Any = None,
    k: Any = None,
    v: Any = None,
    *,
    keep: Literal["auto", "all"] = "auto",
    spec: Spec | None = None,
    **given: Any,
) -> Run:
    """Compute attention, and keep every step.

    q (…, n, d), k (…, m, d), v (…, m, d_v): whatever NumPy reads, torch and JAX tensors, lists, or
    text as on the command line ("q.npy", "1 0; 0 1"). None are changed. Other arrays by name: x,
    context, w_q, w_k, w_v, w_o, bias, mask, past_k, past_v, param={name: array}, input=file.
    given: arrays, and choices as Spec has them (mode="scaled", causal=True, heads=2, …). spec: the
    choices in one record instead, which those given replace.
    keep: "all" keeps every number of every step; "auto" gives those up that need over 64 MiB.
    What its page shows: only="weights", start="scaled", show_work="weights[0,1]", steps=True
    (every table), percent=True, head=1, batch_index=1, precision=3, everything=True.

    Raises AttnError (a ValueError) that names the parameter and what to try.
    """
    if keep not in ("auto", "all"):
        raise AttnError(f"‹keep›: {keep!r} is neither auto nor all.")
    look = look_taken(given, "compute")._replace(whole=keep == "all")
    arrays, chosen = arranged({"q": q, "k": k, "v": v, **given}, spec)
    return computed(arrays, chosen, look)


def computed(
    arrays: Arrays,
    spec: Spec,
    look: Look,
    sources: Sources | None = None,
    progress: Progress = silent,
) -> Run:
    """The same from arrays and choices; look: what is looked at; sources: where text is read."""
    refuse_other(spec, "compute")
    sources = sources or Sources(None)
    request = wanted_request(spec, arrays, sources)
    look = look._replace(
        only=step_named(look.only, request.program), start=step_named(look.start, request.program)
    )
    return Run(evaluated(request, look, progress), look)
