"""The commands that read vectors: describe, profile, ask."""
