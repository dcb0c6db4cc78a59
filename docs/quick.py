import attn_cli as attn

run = attn.compute([[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 2], [3, 4]], causal=True)
print(run.output)
print(run.work("weights[1,0]"))
print(attn.complexity(n="n", d="d").totals["matmul"].flops)
print(attn.mask("causal & window(2)", n=4).pairs)
