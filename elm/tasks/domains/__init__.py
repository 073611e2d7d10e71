"""What things are called and how texts about them are worded, by domain: films, products, books."""
