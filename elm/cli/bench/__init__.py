"""`elm bench`: one file a benchmark."""
