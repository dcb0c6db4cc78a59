"""What each step means, in one line, by the step's name.

A name with its operands (`output from heads`) goes before the name alone.
"""

MEANINGS = {
    "q": "what is asked",
    "k": "what is offered",
    "v": "what is handed over",
    "x": "one row of numbers for each position",
    "context": "the rows that keys and values are made from",
    "w_q": "turns rows into queries",
    "w_k": "turns rows into keys",
    "w_v": "turns rows into values",
    "w_o": "mixes the heads into one row",
    "past_k": "keys kept from earlier calls",
    "past_v": "values kept from earlier calls",
    "bias": "added to the scores",
    "q_heads": "each head takes its own columns of the queries",
    "k_heads": "each head takes its own columns of the keys",
    "v_heads": "each head takes its own columns of the values",
    "present_k": "cached keys, then the new ones",
    "present_v": "cached values, then the new ones",
    "scores": "how well each query matches each key",
    "scaled": "keeps the spread of the scores the same at any width d",
    "scaled by": "each score times the factor you gave",
    "softcapped": "bends large scores toward a limit they never reach",
    "biased": "shifts each score by a given amount",
    "mask": "which pairs may attend",
    "masked": "a score of -∞ becomes a weight of exactly 0",
    "weights": "each row becomes shares that sum to 1",
    "heads": "in each head, each query's mixture of the values",
    "output": "each query's mixture of the values",
    "output from heads": "the heads' results side by side",
    "output from heads, w_o": "the heads' results side by side, mixed by W_O",
    "output from weights, v, w_o": "each query's mixture of the values, mixed by W_O",
}
