"""Adapters: from an embedding space W to soft tokens in a language model's token space Z."""

from elm.adapters._mlp import AdapterConfig, MLPAdapter

__all__ = ["AdapterConfig", "MLPAdapter"]
