"""What is told of a whole mechanism: its readings at a shape, put together as plain data."""
