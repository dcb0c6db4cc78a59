"""Arrays in and out: files, literals, standard input, seeded random numbers, sentences."""
