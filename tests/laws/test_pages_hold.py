"""What compute exports passes check, whatever was chosen: as a document and as a page."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

import attn_cli as attn
from attn_cli.errors import AttnError
from tests.conftest import draws
from tests.drawn import choices

TYPES = (None, None, "float32", "float16", "bfloat16")


@settings(max_examples=draws(60))
@given(chosen=choices(dtypes=TYPES))
def test_a_document_holds(chosen: dict[str, Any]) -> None:
    """Every number of the JSON of a run is right, and every step of it is read."""
    try:
        run = attn.compute(**chosen)
    except AttnError:
        return
    found = attn.check("".join(run.json()))
    assert found.match, (chosen, found.wrong[:1], found.report.having("blank")[:1])


@settings(max_examples=draws(60))
@given(chosen=choices(dtypes=TYPES))
def test_a_page_holds(chosen: dict[str, Any]) -> None:
    """No number of a page with every step is called wrong; what is not on it is asked for."""
    try:
        run = attn.compute(**chosen, steps=True)
    except AttnError:
        return
    for kind in (".md", ".html"):
        try:
            found = attn.check(run.exported(kind).decode())
        except AttnError as error:
            if "which it does not show" in str(error):
                continue
            raise
        assert not found.wrong, (chosen, kind, found.wrong[:1])
        assert not found.carried, (chosen, kind, found.carried[:1])
