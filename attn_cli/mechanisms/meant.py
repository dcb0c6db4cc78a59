"""Words that people type where another option is meant: a normalizer, a mask, a bias, heads."""

from collections.abc import Mapping

from attn_cli.masks.catalogue import KINDS
from attn_cli.mechanisms.biases import BIASES
from attn_cli.mechanisms.normalizers import NORMALIZERS

MEANT: Mapping[str, str] = {
    "softmax": "Softmax makes weights of scores in every mode, unless ‹normalizer› says another.",
    "hard-attention": "Hard attention is a normalizer: ‹normalizer hard›.",
    "soft": "Soft attention is what every mode is, unless ‹normalizer hard› is given.",
    "soft-attention": "Soft attention is what every mode is, unless ‹normalizer hard› is given.",
    "reinforce": "It is the normalizer of draws: ‹normalizer sample›.",
    "gumbel": "It is a normalizer: ‹normalizer gumbel-softmax›.",
    "entmax-1.5": "It is a normalizer: ‹normalizer entmax15›.",
    "multihead": "Any mode has heads: ‹heads 2›.",
    "multi-head": "Any mode has heads: ‹heads 2›.",
    "mha": "Any mode has heads: ‹heads 2›.",
    "gqa": "Heads may share keys in any mode: ‹heads 8› and ‹kv_heads 2›.",
    "grouped": "Heads may share keys in any mode: ‹heads 8› and ‹kv_heads 2›.",
    "mqa": "All heads may share one key head in any mode: ‹heads 8› and ‹kv_heads 1›.",
    "cross": "Any mode takes other rows for keys and values: ‹context›, or ‹context_text›.",
    "cross-attention": "Any mode takes other rows for keys and values: ‹context›.",
    "self": "Any mode is self-attention with ‹x› or ‹text›: queries, keys and values of one.",
    "self-attention": "Any mode is self-attention with ‹x› or ‹text›.",
    "global": "Every query sees all keys, unless a mask or ‹local› says otherwise.",
    "local": "Windows are of any mode: ‹local m› or ‹local p› with ‹local_d›, or ‹window›.",
    "padding": "Padding is masked by the number of real keys: ‹lengths 5,3›.",
    "rope": "Positions turn queries and keys in any mode: ‹rope›.",
    "rotary": "Positions turn queries and keys in any mode: ‹rope›.",
    "sinusoidal": "Waves of the position are added to rows: ‹positions sinusoidal›.",
    "dropout": "Nothing is dropped: numbers are those of a trained model in use.",
    "flash": "FlashAttention gives the numbers of scaled, in blocks: ‹block_size 2› shows them.",
    "flash-attention": "FlashAttention gives the numbers of scaled, in blocks: ‹block_size 2›.",
    "online": "Online softmax is another order of the same steps: ‹block_size 2›.",
    "sparse": "Sparse attention is a mask, as ‹mask 'window(3) | global(0)'›.",
    "longformer": "Longformer's pattern is a mask: ‹mask 'window(3) | global(0)'›.",
    "implicit": "Implicit weights come from the rows alone: ‹mode fc-time›.",
    "seq2seq": "Attention over an encoder: ‹mode additive› with ‹context_text›.",
}
"""In plain words, with the option."""


def option_meant(word: str) -> str | None:
    """What a word means that is no mode; None where nothing is known of it."""
    if word in MEANT:
        return MEANT[word]
    if word in [one.name for one in NORMALIZERS]:
        return f"It is a normalizer: ‹normalizer {word}›."
    if word in [one.name for one in BIASES]:
        return f"It is a bias: ‹bias {word}›."
    masks = {one.name: one.signature for one in KINDS}
    if word in masks:
        written = masks[word] if masks[word] == word else f"'{masks[word]}'"
        return f"It is a mask: ‹mask {written}›."
    return None
