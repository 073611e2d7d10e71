"""Rankings of items by a text, and the candidates that are ranked."""
