"""Controls that a good score must beat, and tests of whether it does."""
