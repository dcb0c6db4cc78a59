"""How choices are called: as parameters in Python, as options on the command line."""

from __future__ import annotations

import pytest

from attn_cli.cli.streams import as_option
from attn_cli.errors import AttnError
from attn_cli.spelling import spelled, spelling


@pytest.mark.parametrize(
    ("text", "in_python", "on_the_command_line"),
    [
        ("‹heads› 3 is odd", "heads=3 is odd", "--heads 3 is odd"),
        ("add ‹kv_heads›.", "add kv_heads=.", "add --kv-heads."),
        ("‹offset›: too far", "offset: too far", "--offset: too far"),
        ("‹align top-left›", "align='top-left'", "--align top-left"),
        ("‹m 3›, ‹param w›", "m=3, param['w']", "--m 3, --param w"),
        ("leave ‹global_tokens› out", "leave global_tokens= out", "leave --global out"),
        ("nothing here", "nothing here", "nothing here"),
    ],
)
def test_a_choice_is_called_as_its_reader_calls_it(
    text: str, in_python: str, on_the_command_line: str
) -> None:
    """The library names parameters, the command line options, from one text."""
    assert spelled(text) == in_python
    assert str(AttnError(text)) == in_python
    with spelling(as_option):
        assert spelled(text) == on_the_command_line
    assert spelled(text) == in_python
