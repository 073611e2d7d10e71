"""Vectors of other programs: files, frames, and objects of libraries, each read into a table."""
