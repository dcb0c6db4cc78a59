"""Which pairs may attend: predicates on (query, key) positions, combined by &."""

from attn_cli.masks.mask import Mask
from attn_cli.masks.rules import causal, given, lengths, window

__all__ = ["Mask", "causal", "given", "lengths", "window"]
