"""Weighted alternating least squares: coded ratings, its objective, and the fit in JAX with tables sharded by rows."""
