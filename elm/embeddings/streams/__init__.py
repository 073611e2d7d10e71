"""Vectors of any number, read a piece at a time from files that are never in memory as a whole."""
