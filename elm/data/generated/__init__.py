"""Generated worlds whose every fact is known: the demo films and their users, and the demo shop."""
