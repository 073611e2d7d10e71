"""Do recommendations follow an edit of the profile (TEARS, Section 5)? Large scope, fine-grained and guided."""
