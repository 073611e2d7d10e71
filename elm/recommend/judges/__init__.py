"""Judges of requests: what items are known by, how a request is read, and who says how well one meets the other."""
