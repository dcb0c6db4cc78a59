"""Linear attention whose state forgets or corrects itself: gated and delta rules."""

from __future__ import annotations

from attn_cli.mechanisms.layer import all_three, joined, result_name
from attn_cli.mechanisms.layout import attention_layout
from attn_cli.mechanisms.mechanism import BARE, HEADED, Choices, Inputs, Mechanism
from attn_cli.program import Program, Step

OUTER = "... m d, ... m d_v -> ... m d d_v"


def gated_attention(p: Program, inputs: Inputs, choices: Choices) -> Step:
    """S_t = g_t S_(t-1) + k_t v_tᵀ, read by q_t: what was written fades by a gate from 0 to 1.

    q and k (…, n, d), v (…, n, d_v), gate (n). Always causal.
    """
    query, key, value = all_three(p, inputs, choices)
    state = p.scan(OUTER, key, value, over="m", gate=inputs["gate"], name="state")
    return _read(p, query, state, inputs, choices)


def delta_attention(p: Program, inputs: Inputs, choices: Choices) -> Step:
    """S_t = g_t S_(t-1) + β_t k_t (v_t - g_t S_(t-1)ᵀ k_t)ᵀ: what a key holds is corrected.

    q and k (…, n, d), v (…, n, d_v), beta and gate (n). Keys have length 1, so that with β = 1
    a key holds exactly its new value afterwards. Always causal.
    """
    query, key, value = all_three(p, inputs, choices)
    unit = p.unit(key, name="k_unit")
    state = p.scan(
        OUTER,
        unit,
        value,
        over="m",
        gate=inputs["gate"],
        rate=inputs["beta"],
        erases=True,
        name="state",
    )
    return _read(p, query, state, inputs, choices)


def _read(p: Program, query: Step, state: Step, inputs: Inputs, choices: Choices) -> Step:
    name = result_name(inputs, choices)
    mixed = p.contract("... n d, ... n d d_v -> ... n d_v", query, state, name=name)
    return joined(p, mixed, inputs, choices)


MEANINGS = {
    "gate": "how much of the state each key leaves as it is, from 0 to 1",
    "state": "what keys have written, after each key",
    "heads": "what each query reads from the state after its own key",
    "output": "what each query reads from the state after its own key",
    "output from heads": "the heads' results side by side",
}

GATED = Mechanism(
    name="gated",
    also=("mamba", "mamba-2", "retnet", "retention", "gla"),
    title="Gated linear attention",
    formula="o_t = q_t S_t, S_t = g_t S_(t-1) + k_t ⊗ v_t",
    source="Dao 2024 (Mamba-2), with a scalar gate; Sun 2023 (RetNet) with a constant one",
    arrays=attention_layout,
    define=gated_attention,
    parameters={"gate": ("m",)},
    noise={"gate": "rates"},
    per_call=frozenset({"gate"}),
    takes=HEADED | {BARE, "causal"},
    looks=None,
    kept=(("", ("state",)),),
    meanings=MEANINGS,
    about=(
        "Linear attention never forgets: its state only adds up. A gate between 0 and 1 "
        "multiplies the state before each key writes, so that old pairs fade. With a constant"
        " gate it is retention; with a gate from the input it is the rule of recent state-"
        "space models."
    ),
    example="--n 3 --d 2 --from state",
)

DELTA = Mechanism(
    name="delta",
    also=("deltanet", "delta-rule", "schlag"),
    title="Delta-rule linear attention",
    formula="o_t = q_t S_t, S_t = g_t S_(t-1) + β_t k_t ⊗ (v_t - g_t S_(t-1)ᵀ k_t)",
    source="Schlag 2021, section 4.2; Yang 2024 (DeltaNet), and Yang 2025 with a gate",
    arrays=attention_layout,
    define=delta_attention,
    parameters={"beta": ("m",), "gate": ("m",)},
    usual={"gate": 1.0},
    noise={"beta": "rates", "gate": "rates"},
    per_call=frozenset({"beta", "gate"}),
    takes=HEADED | {BARE, "causal"},
    looks=None,
    kept=(("", ("state",)),),
    meanings=MEANINGS
    | {
        "beta": "how far each key corrects what it holds, from 0 to 1",
        "k_unit": "each key with length 1",
    },
    about=(
        "Linear attention can't correct itself: a key that comes again adds its new value to "
        "the old one. The delta rule reads first what the key holds, and writes only the "
        "difference, β of it. With β = 1 and keys of length 1 a key holds exactly its value "
        "right after it is written; later keys change that unless they are orthogonal to it."
    ),
    example=(
        '--q "1 0; 0 1; 1 0" --k "1 0; 0 1; 1 0" --v "1 2; 3 4; 5 6" --param "beta=1 1 1" '
        "--from state"
    ),
)
