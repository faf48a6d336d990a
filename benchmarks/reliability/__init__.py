"""What the project withstands, run and written down: properties, fuzzing, hostile input, faults of the disk."""
