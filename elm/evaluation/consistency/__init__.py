"""Semantic and behavioural consistency of texts with the vectors they were written from (ELM, Section 4)."""
