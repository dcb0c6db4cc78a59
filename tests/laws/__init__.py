"""Laws that every screen obeys, over all modes and many options."""
