"""`elm quickstart`: the whole loop in one run."""
