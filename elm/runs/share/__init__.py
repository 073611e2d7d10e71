"""A run's model as a folder to be shared: its card, and packing."""
