"""What each step of a gradient means, in one line, by how its name ends."""

WHOLE = "how much the loss changes with each number of {name}"
GIVEN = "how much the loss changes with each number of the output"
THROUGH = "the part of it that comes through {user}"

ENDINGS = {
    "each": "before it is summed over what the numbers were repeated for",
    "apart": "the same numbers, their heads apart",
    "products": "each change times its number",
    "mean": "the mean change of each row, by weight",
    "above_mean": "how far each change is above the mean of its row",
    "total": "the sum of each row",
    "kept_mean": "the mean times what the keys hold of the row",
    "slopes": "how fast each weight grows with its score",
    "summed": "their sum for each row",
    "slope": "how steep the function is at each number",
    "inner": "what is inside the tanh",
    "shared": "each change shared out as the numbers were",
    "lost": "what a larger divisor takes away",
    "back": "the same angles, back",
    "along": "how much of the change lies along the row",
    "radial": "the part along the row, which turns nothing",
    "turning": "the part that turns the row",
    "squares": "each number times its share of the length",
    "length": "the length of each row",
    "place": "where the largest stands",
    "difference": "which of the two is larger",
    "is_first": "1 where the first is larger",
    "taken": "what goes to the first",
    "gathered": "what each state changes from its place to the end",
    "pulled": "what of it stands along each key",
    "rated": "the same, by how much was written",
    "written": "what was written of each value",
    "asked": "what the values ask of each key",
    "unread": "what each key changes by what it reads",
    "before": "the state before each place",
    "kept": "what was kept of the state before",
    "read": "what each key read from it",
    "values": "the values, for each head",
    "new": "what was new of each value",
    "erased": "what each key erases of it",
    "through": "what goes on to the place before",
}
"""The longest ending that fits counts; `_over_n` and a number at the end stand for a sum."""

SUMMED_OVER = "summed over {axis}"
