"""What goes wrong in attention, each fault done to a run so that its numbers can be known again."""

from attn_cli.faults import (
    biases,
    heads,
    inputs,
    masking,
    placing,
    precision,
    rotations,
    scores,
    weights,
)
from attn_cli.faults.fault import Fault, Setting

FAULTS: tuple[Fault, ...] = (
    *scores.FAULTS,
    *weights.FAULTS,
    *masking.FAULTS,
    *placing.FAULTS,
    *biases.FAULTS,
    *rotations.FAULTS,
    *heads.FAULTS,
    *inputs.FAULTS,
    *precision.FAULTS,
)
"""Every fault that is tried, the commonest of each family first."""

__all__ = ["FAULTS", "Fault", "Setting"]
