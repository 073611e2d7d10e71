"""Who writes the training texts: templates, a chat endpoint, a local model."""
