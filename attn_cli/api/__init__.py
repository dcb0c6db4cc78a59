"""What a command can do, in one call: choices and arrays in, a result out."""
