"""TEARS: a text encoder aligned with a backbone's latent, so that an edited profile changes the list."""
