"""Training examples as a data set: planned, built, saved, and checked for leakage."""
