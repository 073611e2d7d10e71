"""Requests: a sentence of the moment beside the engagement of any recommender (CTRL-Rec, Carroll et al. 2025)."""
