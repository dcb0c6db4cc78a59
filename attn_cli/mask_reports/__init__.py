"""What is said of a mask: counts, pictures, names elsewhere, and what it equals."""
