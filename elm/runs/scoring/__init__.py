"""A run's scores, certificates and forms."""
