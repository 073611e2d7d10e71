"""The model folder: saved whole, loaded exactly or not at all, verified, compared."""
