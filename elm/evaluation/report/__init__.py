"""What a benchmark found, as tables in the terminal, files, figures and an HTML page."""
