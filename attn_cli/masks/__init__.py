"""Which pairs may attend: predicates on (query, key) positions, combined by & | ~."""

from attn_cli.masks.catalogue import KINDS, Board, Kind
from attn_cli.masks.expressions import MASKS, Expression, read
from attn_cli.masks.mask import Mask, Reach
from attn_cli.masks.patterns import (
    block,
    dilation,
    documents,
    global_tokens,
    log_sparse,
    neighbourhood,
    random_blocks,
    stride,
)
from attn_cli.masks.rules import causal, given, left, lengths, local_m, prefix, right, window

__all__ = [
    "KINDS",
    "MASKS",
    "Board",
    "Expression",
    "Kind",
    "Mask",
    "Reach",
    "block",
    "causal",
    "dilation",
    "documents",
    "given",
    "global_tokens",
    "left",
    "lengths",
    "local_m",
    "log_sparse",
    "neighbourhood",
    "prefix",
    "random_blocks",
    "read",
    "right",
    "stride",
    "window",
]
