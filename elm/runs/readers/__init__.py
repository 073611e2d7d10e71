"""Readers: a model trained on vectors and their texts, whatever they are about, and what it is worth."""
