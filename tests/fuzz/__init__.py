"""Generated command lines and files: nothing may fail but by a message."""
