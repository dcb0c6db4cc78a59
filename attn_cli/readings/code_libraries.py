"""What array libraries call the same things: code is written for NumPy and spelled for others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

NUMPY = re.compile(r"\bnp\.(?!load\b)(?P<function>\w+)|\b(?P<keyword>axis|keepdims)\b")


class Library(NamedTuple):
    """An array library.

    setup: the lines a script begins with, kind in them standing for the float type. prefix: what
    stands before its functions. functions, keywords: those with another name than NumPy's. array:
    how a list becomes an array; loaded: how an array from a file does. constant: x without its
    gradient. gradient: its automatic differentiation, empty where it has none.
    """

    name: str
    setup: tuple[str, ...]
    prefix: str
    functions: Mapping[str, str]
    keywords: Mapping[str, str]
    array: str
    loaded: str
    constant: str
    gradient: str

    def spelled(self, text: str) -> str:
        """Code for NumPy as code for this library; only NumPy loads .npy and .npz."""
        return NUMPY.sub(self._word, text)

    def _word(self, match: re.Match[str]) -> str:
        function, keyword = match["function"], match["keyword"]
        if keyword:
            return self.keywords.get(keyword, keyword)
        return f"{self.prefix}.{self.functions.get(function, function)}"


IMPORT_NUMPY = "import numpy as np"

LIBRARIES = {
    "numpy": Library(
        name="NumPy",
        setup=(IMPORT_NUMPY,),
        prefix="np",
        functions={},
        keywords={},
        array="np.array",
        loaded="{}",
        constant="{}",
        gradient="",
    ),
    "torch": Library(
        name="PyTorch",
        setup=("import torch", "", "torch.set_default_dtype(torch.{kind})"),
        prefix="torch",
        functions={
            "asarray": "as_tensor",
            "concatenate": "cat",
            "expand_dims": "unsqueeze",
            "max": "amax",
            "transpose": "permute",
        },
        keywords={"axis": "dim", "keepdims": "keepdim"},
        array="torch.tensor",
        loaded="torch.from_numpy({})",
        constant="{}.detach()",
        gradient="torch.func.grad",
    ),
    "jax": Library(
        name="JAX",
        setup=(
            "import jax",
            "import jax.numpy as jnp",
            "",
            'jax.config.update("jax_enable_x64", True)',
        ),
        prefix="jnp",
        functions={},
        keywords={},
        array="jnp.array",
        loaded="jnp.asarray({})",
        constant="jax.lax.stop_gradient({})",
        gradient="jax.grad",
    ),
}
"""The libraries that code is written for, by what they are called on the command line."""
