import numpy as np

import attn_cli as attn

run = attn.compute([[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 2], [3, 4]], causal=True)
print(run.output)
print(run["weights"])
print(run.work("weights[1,0]"))
print([step.name for step in run.steps if not step.given])

cost = attn.complexity(n=512, d="d", heads=8)
print(cost.totals["matmul"].flops)
print(cost.at(d=64).totals["all"].value)

mask = attn.mask("causal & window(3) | global(0)", n=6)
print(np.asarray(mask).astype(int))
print(mask.pairs, mask.to("torch-mha").dtype)

for way in attn.compare(["scaled", "cosine"], n=3, d=4).ways:
    print(way.name, way.entropy, way.flops)

try:
    attn.compute(n=4, d=4, heads=3)
except attn.AttnError as error:
    print(error)
