"""Recommenders without text: autoencoders, EASE, WALS and popularity, one file each, behind one registry."""
