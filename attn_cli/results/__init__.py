"""What a call leaves behind, as plain data: every view is made from these and nothing else."""
