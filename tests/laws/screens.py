"""Command lines over all modes and many options, whose screens the laws are held against."""

from __future__ import annotations

from attn_cli import mechanisms
from attn_cli.mechanisms.normalizers import NORMALIZERS

MODES = [one.name for one in mechanisms.MECHANISMS]

GIVEN = ["--q", "1 0; 0 1", "--k", "1 0; 0 1", "--v", "1 2; 3 4"]
SENTENCE = ["--text", "The cat sat down"]
HUGE = ["--q", "300 -1; 5 700", "--k", "1 3; 2 -1; 0 2", "--v", "1e-7 2; 3000 4; -5 1e8"]

COMPUTED: dict[str, list[str]] = {
    **{f"mode {mode}": ["--mode", mode] for mode in MODES},
    **{f"mode {mode}, seed 7": ["--mode", mode, "--seed", "7"] for mode in MODES},
    **{
        f"normalizer {one.name}": ["--normalizer", one.name, "--n", "3", "--m", "5", "--d", "2"]
        for one in NORMALIZERS
    },
    **{
        f"mode {mode}, heads": ["--mode", mode, *SENTENCE, "--heads", "2", "--causal"]
        for mode in ("scaled", "dot", "general", "additive", "concat", "cosine", "mla")
    },
    "typed": GIVEN,
    "typed, causal": [*GIVEN, "--causal"],
    "huge": HUGE,
    "sentence": [*SENTENCE, "--heads", "2"],
    "grouped": [*SENTENCE, "--heads", "4", "--kv-heads", "2", "--d", "8"],
    "wide": ["--n", "2", "--m", "40", "--d", "33", "--dv", "3"],
    "softcap and scale": ["--scale", "0.123456", "--softcap", "1.7"],
    "temperature": ["--temperature", "0.3", "--normalizer", "gumbel-softmax"],
    "alibi": ["--bias", "alibi", *SENTENCE, "--heads", "3", "--d", "6"],
    "relative": ["--bias", "relative"],
    "rotary": ["--rope", "--n", "5", "--d", "6"],
    "interleaved": ["--rope", "interleaved", "--d", "6"],
    "waves": ["--positions", "sinusoidal", *SENTENCE],
    "local p": ["--local", "p", "--local-d", "2", "--n", "6"],
    "local m": ["--local", "m", "--local-d", "1"],
    "window": ["--window", "2", "--n", "5", "--m", "7", "--align", "bottom-right"],
    "one query": ["--query-index", "1"],
    "online": ["--block-size", "2", "--n", "3", "--m", "5", "--causal"],
    "decode": [*SENTENCE, "--decode", "--causal"],
    "batch": ["--batch", "2", "--n", "3", "--m", "2", "--d", "5"],
    "activation": ["--mode", "fc-time", "--activation", "sigmoid", "--n", "5", "--d", "3"],
    "elu": ["--mode", "linear", "--causal", "--n", "4", "--d", "3"],
    "float32": ["--dtype", "float32", "--n", "3", "--m", "4", "--d", "5"],
    "float16": ["--dtype", "float16", "--n", "3", "--m", "4", "--d", "5"],
    "empty row": ["--mask", "~causal", "--n", "3"],
}
"""Arguments of `attn compute`, each with a name."""
