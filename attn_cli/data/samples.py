"""Small trained examples inside the package: how each was made, and its arrays."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, NamedTuple


class Sample(NamedTuple):
    """A trained example.

    about: what it shows. made: the command whose saved run it is; choices are as for train.
    """

    name: str
    about: str
    made: str


SAMPLES = (
    Sample(
        "cat-mat",
        "self-attention of a sentence, trained until cat and mat attend to each other, and on "
        "nothing else",
        'attn train --text "The cat is sitting on the mat." --d 6 --pair cat,mat --pair mat,cat'
        " --steps 60",
    ),
    Sample(
        "alignment",
        "a French sentence attending to its English source, trained on the alignment of its words, "
        "and on nothing else",
        "attn train --mode additive --d 8"
        ' --text "L\'accord sur la zone économique européenne a été signé"'
        ' --context-text "The agreement on the European Economic Area was signed"'
        " --align 0:0,0:1,1:2,2:3,3:6,4:5,5:4,6:7,7:7,8:8 --steps 60",
    ),
)


def document(name: str) -> dict[str, Any]:
    """A sample's file: its arrays, and how they were made, as in a saved run."""
    text = files("attn_cli.data").joinpath("samples", f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def sample_called(name: str) -> Sample:
    """A sample by its name."""
    return next(one for one in SAMPLES if one.name == name)
