"""Batches: examples drawn, collated, and grouped by length."""
