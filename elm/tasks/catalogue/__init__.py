"""The tasks of the ELM paper, one file a family."""
