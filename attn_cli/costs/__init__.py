"""What attention costs: FLOPs, bytes, peak memory, other layers, models and machines."""
