"""How results look: pages for terminals and files, JSON, bare matrices."""
