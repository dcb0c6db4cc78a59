"""The entries of a model's config.json, read by name; those that were used are remembered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from attn_cli.errors import AttnError, brief

LARGEST = 10**15
TELLING = re.compile(
    r"attn|attention|head|kv|query|window|layer|period|interval|pattern|chunk|block|sparse|cross"
    r"|latent|lora|local_|global_|share|group|conv|ssm|state|mamba|linear_|recurrent|retention"
    r"|rwkv|index_|_idx|no_rope"
)
"""Names of entries that may bear on what attention costs, or on which layers attend at all."""

HARMLESS = re.compile(
    r"dropout|layerdrop|bias|norm|_eps|moe|expert|mtp|nextn|init|router|topk|^n_group$|mlp|dense"
    r"|sparse_step|feature_layer|use_cache|output_(attentions|hidden)|implementation|intermediate"
    r"|vocab|softcap|scalar|multiplier|(?<!no_)(rope|rotary)|parallel_attn"
)
"""Names of entries that bear on the layers beside attention, on training or on what is printed."""


class Entries:
    """Names and values of one part of a file, and which of them were used.

    usual: values of entries that released files of this family lack.
    """

    def __init__(self, values: Mapping[str, Any], usual: Mapping[str, int] | None = None) -> None:
        self.values = values
        self.usual = usual or {}
        self.used: set[str] = set()
        self.assumed: dict[str, int] = {}

    def find(self, names: Iterable[str]) -> tuple[str, Any]:
        """The first of several names that has a value, and the value; None where none has."""
        names = tuple(names)
        for name in names:
            if self.values.get(name) is not None:
                self.used.add(name)
                return name, self.values[name]
        for name in names:
            self.used.add(name)
            if name in self.usual and name not in self.values:
                self.assumed[name] = self.usual[name]
                return name, self.usual[name]
        return names[0], None

    def first(self, *names: str) -> int | None:
        """A whole number from 1 on under the first of several names that there is."""
        name, value = self.find(names)
        return None if value is None else _counted(name, value, 1)

    def number(self, name: str, otherwise: int | None = None) -> int:
        """A whole number from 1 on."""
        found = self.first(name)
        if found is None and otherwise is None:
            raise _missing(name)
        return found if found is not None else int(otherwise or 0)

    def needed(self, *names: str) -> int:
        """The same under the first of several names, of which one has to be there."""
        found = self.first(*names)
        if found is None:
            raise _missing(names[0])
        return found

    def whole(self, name: str, otherwise: int) -> int:
        """A whole number from 0 on."""
        _, value = self.find([name])
        return otherwise if value is None else _counted(name, value, 0)

    def optional(self, name: str) -> int | None:
        """A whole number from 0 on, or None where it is null or left out; 0 is none too."""
        _, value = self.find([name])
        return (_counted(name, value, 0) or None) if value is not None else None

    def flag(self, name: str) -> bool:
        """True or false; false where it is left out."""
        _, value = self.find([name])
        if value not in (None, True, False):
            raise AttnError(f"‹config›: {name} is {brief(str(value))!r}, not true or false.")
        return bool(value)

    def listed(self, name: str, *, one_for_all: int | None = None) -> list[int]:
        """A list of whole numbers; one number stands for `one_for_all` alike."""
        _, value = self.find([name])
        if value is None:
            return []
        if isinstance(value, int) and one_for_all is not None:
            value = [value] * min(one_for_all, LONGEST)
        if not isinstance(value, list) or len(value) > LONGEST:
            raise AttnError(f"‹config›: {name} has to be a list of whole numbers.")
        return [_counted(name, one, 0) for one in value]

    def runs(self, name: str) -> list[str]:
        """A list of runs: words that repeat together, and how often."""
        _, value = self.find([name])
        try:
            return [
                word for words, often in value for word in list(words) * _counted(name, often, 1)
            ]
        except (TypeError, ValueError):
            raise AttnError(f"‹config›: {name} has to list runs such as [[words], 12].") from None

    def not_read(self) -> list[str]:
        """Names that may bear on attention and were not used."""
        odd = [name for name, value in UNUSUAL.items() if self.values.get(name) is value]
        return [name for name in (*self.telling(), *odd) if name not in self.used]

    def telling(self) -> list[str]:
        """Names that may bear on attention and say something, used or not."""
        known = [str(name) for name, value in self.values.items() if value not in SILENT]
        return [one for one in known if TELLING.search(one) and not HARMLESS.search(one)]


SILENT: tuple[Any, ...] = (None, False, 0, "", [], {})
"""What an entry says nothing by."""

UNUSUAL = {"is_decoder": True, "is_encoder_decoder": False}
"""Entries that say a model is used otherwise than its family is."""

LONGEST = 10_000
"""Layers that a list may have."""


def _missing(name: str) -> AttnError:
    return AttnError(f"‹config›: {name} is missing; it has to be a whole number from 1 on.")


def _counted(name: str, value: Any, least: int) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not least <= value <= LARGEST:
        raise AttnError(
            f"‹config›: {name} is {brief(str(value))!r}; it has to be a whole number from {least} "
            "on."
        )
    return int(value)
