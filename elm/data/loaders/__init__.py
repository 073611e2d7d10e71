"""Published data sets, read from their files: one file a data set."""
