"""Base language models: loaded by name or folder, checked, with LoRA, and a small one made here."""
