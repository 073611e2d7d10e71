"""Benchmarks of requests: how far lists follow a sentence, what that costs in engagement, and in time (CTRL-Rec)."""
