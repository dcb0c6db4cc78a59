"""Teaching text as data, one folder for each language."""
