"""What is known of an item or a user, as teachers need it: facts, themes, traits, briefs."""
