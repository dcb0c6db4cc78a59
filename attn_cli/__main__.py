"""`python -m attn_cli`."""

from attn_cli.cli.app import main

main()
