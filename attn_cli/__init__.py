"""attn: attention mechanisms, computed and explained step by step in a terminal."""
