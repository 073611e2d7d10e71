"""Text of people, for every room: what counts as text, sentences, tokens, chat templates, and safe printing."""
