"""Adapters: from an embedding space W to soft tokens in a language model's token space Z, in memory and on disk.

What needs torch or Flax loads on first use, so that a config can be read, and a Flax adapter used, without torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from elm._storage.fields import is_name
from elm._storage.weights import FLOATS, tensor_kinds
from elm.adapters._config import AdapterConfig, read_adapter_config, shape_problems
from elm.adapters._manifest import KINDS, MANIFEST, PARTS, Problem, check_manifest, manifest_problems, write_manifest
from elm.adapters._scan import scan
from elm.adapters._schema import SCHEMA, FolderConfig, TaskPrompt, read_config
from elm.adapters._share import rewritten
from elm.adapters._signing import SIGNATURE, check_signature, sign

if TYPE_CHECKING:
    from elm.adapters._checkpoint import load_adapter, save_adapter, write_adapter
    from elm.adapters._flax import FlaxAdapter
    from elm.adapters._landmarks import Landmarks, landmarks
    from elm.adapters._mlp import MLPAdapter
    from elm.adapters._tensors import read_tensors, require_finite, write_tensors

__all__ = [
    "FLOATS",
    "KINDS",
    "MANIFEST",
    "PARTS",
    "SCHEMA",
    "SIGNATURE",
    "AdapterConfig",
    "FlaxAdapter",
    "FolderConfig",
    "Landmarks",
    "MLPAdapter",
    "Problem",
    "TaskPrompt",
    "check_manifest",
    "check_signature",
    "is_name",
    "landmarks",
    "load_adapter",
    "manifest_problems",
    "read_adapter_config",
    "read_config",
    "read_tensors",
    "require_finite",
    "rewritten",
    "save_adapter",
    "scan",
    "shape_problems",
    "sign",
    "tensor_kinds",
    "write_adapter",
    "write_manifest",
    "write_tensors",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'elm.adapters' has no attribute {name!r}")
    homes = {"FlaxAdapter": "_flax", "Landmarks": "_landmarks", "landmarks": "_landmarks"}
    home = homes.get(name, "_checkpoint")  # which imports all else that needs torch
    return getattr(importlib.import_module(f"elm.adapters.{home}"), name)
