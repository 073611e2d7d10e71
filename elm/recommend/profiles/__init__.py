"""A profile as text: its sentences, what they are for and against, and edits of it."""
