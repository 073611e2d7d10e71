"""Certificates: one text with its scores, its controls, and how far it may be trusted."""
