"""The adapter in JAX (`flax.nnx`): the same config, the same file, the same numbers; torch is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save_file

from elm._errors import CallError, CheckpointError
from elm._storage.files import write_json
from elm._storage.folders import folder_written_aside, read_whole
from elm._storage.weights import reading_tensors
from elm.adapters._config import AdapterConfig
from elm.adapters._fitting import CONFIG, WEIGHTS, fitting, require_space
from elm.adapters._landmarks import Landmarks, check_inside
from elm.embeddings import EmbeddingSpace

try:
    import jax
    import jax.numpy as jnp
    from flax import nnx
except ImportError as error:
    raise CallError('the Flax adapter needs JAX and Flax; run: pip install "elm-toolkit[jax]"') from error

_EPSILON = 1e-5  # that of torch's LayerNorm; Flax has another default


class Statistics(nnx.Variable[jax.Array]):
    """What is stored with the weights and not trained: the space's mean and scale, and the landmarks."""


class FlaxAdapter(nnx.Module):
    """Maps vectors (B, dim) to soft tokens (B, soft_tokens, token_dim), as `MLPAdapter` does, within 1e-5.

    `FlaxAdapter.load(folder)` reads what `save_adapter` or a run wrote: `adapters/<space>/` of a model folder. A
    fresh one has random weights drawn from `rngs`. It is an ordinary nnx module: call it inside `jax.jit` or
    `nnx.jit`, differentiate it, shard it. Products are computed in full float32 on every device.

    >>> config = AdapterConfig("toy", "f" * 16, "cosine", dim=3, token_dim=16, soft_tokens=4, hidden=8)
    >>> FlaxAdapter(config, nnx.Rngs(0))(jnp.zeros((5, 3))).shape
    (5, 4, 16)
    """

    def __init__(self, config: AdapterConfig, rngs: nnx.Rngs, token_spread: float = 1.0) -> None:
        exact: dict[str, Any] = {"precision": jax.lax.Precision.HIGHEST, "rngs": rngs}
        self.config = config
        self.mean = Statistics(jnp.zeros(config.dim))
        self.scale = Statistics(jnp.ones(config.dim))
        self.landmarks = Statistics(jnp.zeros((config.landmarks, config.dim)))
        self.inner = nnx.Linear(config.dim, config.hidden, **exact)
        self.outer = nnx.Linear(config.hidden, config.soft_tokens * config.token_dim, **exact)
        spread = nnx.initializers.constant(token_spread)
        self.norm = nnx.LayerNorm(config.token_dim, epsilon=_EPSILON, scale_init=spread, rngs=rngs)

    def __call__(self, vectors: jax.Array) -> jax.Array:
        """Vectors (B, dim) as they come, not normalised -> soft tokens (B, soft_tokens, token_dim)."""
        normal = (jnp.asarray(vectors, jnp.float32) - self.mean[...]) / self.scale[...]
        hidden = jax.nn.gelu(self.inner(normal), approximate=False)  # (B, hidden)
        result: jax.Array = self.norm(self.outer(hidden).reshape(-1, self.config.soft_tokens, self.config.token_dim))
        return result

    def space(self) -> EmbeddingSpace:
        """The space that this adapter reads, rebuilt from what it stores."""
        c = self.config
        return EmbeddingSpace(
            c.space,
            c.dim,
            c.metric,
            np.asarray(self.mean[...]),
            np.asarray(self.scale[...]),
            c.reach,
            {},
            c.fingerprint,
        )

    def check(self, vectors: npt.ArrayLike) -> np.ndarray:
        """Vectors (dim,) or (n, dim) as (n, dim) float32.

        Raises `VectorError` for a wrong size, NaN or infinity and warns `OutsideDataWarning`, as `MLPAdapter` does.
        """
        known = Landmarks(np.asarray(self.landmarks[...]), self.config.near) if self.config.landmarks else None
        return check_inside(self.space(), vectors, known)

    @classmethod
    def load(cls, folder: str | Path) -> FlaxAdapter:
        """Load an adapter's folder, in float32, with the errors of `load_adapter`: exactly, or not at all."""
        return read_whole(folder, lambda: cls._load(Path(folder)))

    @classmethod
    def _load(cls, folder: Path) -> FlaxAdapter:
        config, path = fitting(folder)
        with reading_tensors(path), safe_open(path, framework="flax") as file:  # numpy alone knows no bfloat16
            state = {name: np.asarray(file.get_tensor(name), np.float32) for name in file.keys()}  # noqa: SIM118
        if bad := [name for name, value in state.items() if not np.isfinite(value).all()]:
            raise CheckpointError(f"weights must be finite, but {', '.join(bad[:3])} in {path} hold NaN or infinity")
        adapter = nnx.eval_shape(lambda: cls(config, nnx.Rngs(0)))
        for name, variable in adapter._by_name().items():
            variable.set_value(jnp.asarray(state[name].T if name in _TURNED else state[name]))
        require_space(adapter.space, path)
        return adapter

    def save(self, folder: str | Path) -> Path:
        """Write the folder that `load` and torch's `load_adapter` read; a kill leaves the old one or the new one.

        Raises `CallError` for weights that are not finite, `OSError` where the disk is full.
        """
        values = {name: np.asarray(variable[...], np.float32) for name, variable in self._by_name().items()}
        if bad := [name for name, value in values.items() if not np.isfinite(value).all()]:
            raise CallError(f"an adapter's weights must be finite to be saved, but {', '.join(bad)} are not")
        state = {name: np.ascontiguousarray(v.T if name in _TURNED else v) for name, v in values.items()}
        with folder_written_aside(folder) as aside:
            write_json(aside / CONFIG, self.config.to_dict())
            save_file(state, aside / WEIGHTS)
        return Path(folder)

    def _by_name(self) -> dict[str, nnx.Variable[jax.Array]]:
        """The variables under the names that they have in the file."""
        norm: Any = self.norm  # with both its parameters, which Flax leaves optional
        known = {"landmarks": self.landmarks} if self.config.landmarks else {}
        return {
            **known,
            "mean": self.mean,
            "scale": self.scale,
            "inner.weight": self.inner.kernel,
            "inner.bias": self.inner.bias,
            "outer.weight": self.outer.kernel,
            "outer.bias": self.outer.bias,
            "norm.weight": norm.scale,
            "norm.bias": norm.bias,
        }


_TURNED = ("inner.weight", "outer.weight")  # torch keeps them as (out, in), Flax as (in, out)
