"""The optimisation loop: steps, schedule, precision, processes, checkpoints, validation, metrics."""
