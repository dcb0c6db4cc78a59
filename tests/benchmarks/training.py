"""Training: 300 steps on a sentence, against as many runs of its forward steps alone."""

from __future__ import annotations

import attn_cli as attn
from attn_cli.api.given import arranged
from attn_cli.api.requests import request_of
from attn_cli.arrays.sources import Sources
from attn_cli.readings.values import evaluate
from tests.benchmarks.pairs import ratio

SENTENCE = "The cat is sitting on the mat."
STEPS = 300
RUNS = 11


def main() -> None:
    """Print the time of a training, and how many times as long it takes as its forward steps."""
    request = request_of(*reversed(arranged({"text": SENTENCE}, None)), Sources(None))
    weights = request.program.last("weights")
    assert weights is not None
    program = request.program.up_to(weights.name)
    given = {step.name: request.arrays[step.name] for step in program.inputs}

    def training() -> None:
        attn.train(text=SENTENCE, pair=["cat,mat", "mat,cat"], steps=STEPS)

    def forward() -> None:
        for _ in range(STEPS):
            evaluate(program, given)

    one, other, times = ratio(training, forward, RUNS)
    print(f"{STEPS} steps {one:.2f} s / forward alone {other:.2f} s = {times:.1f}")


if __name__ == "__main__":
    main()
