"""Splits, protocols and measures of recommendation, and the benchmark over them."""
