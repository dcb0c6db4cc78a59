"""What the user types: one file per command; it parses, calls a reading, hands over to a view."""
