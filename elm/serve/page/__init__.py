"""The page of `elm serve`: a tab a file, over the functions of the core."""
