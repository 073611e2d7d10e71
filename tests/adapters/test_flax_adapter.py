"""The adapter in JAX: torch's numbers from torch's file, torch's errors, and no torch."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_elm
import torch
from safetensors.torch import load_file, save_file

from elm._errors import ElmError, OutsideDataWarning, VectorError
from elm.adapters import AdapterConfig, MLPAdapter, load_adapter, save_adapter
from elm.model import SHIPPED

jax = pytest.importorskip("jax", reason='needs pip install "elm-toolkit[jax]"')
nnx = pytest.importorskip("flax.nnx", reason='needs pip install "elm-toolkit[jax]"')
from elm.adapters import FlaxAdapter  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
CONFIG = AdapterConfig("toy", "f" * 16, "cosine", dim=6, token_dim=32, soft_tokens=3, hidden=16, reach=2.0)


def in_torch(adapter: MLPAdapter, vectors: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return adapter(torch.from_numpy(vectors)).numpy()


@pytest.fixture(scope="module")
def trained() -> MLPAdapter:
    """No weight at its starting value."""
    adapter = tiny_elm.adapter(tiny_elm.table())
    with torch.no_grad():
        for parameter in adapter.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return adapter.eval()


@pytest.fixture
def folder(trained: MLPAdapter, tmp_path: Path) -> Path:
    return save_adapter(trained, tmp_path / "toy")


@pytest.mark.parametrize("space", ["minilm", "wals"])
def test_the_shipped_adapters_give_torchs_soft_tokens(space: str) -> None:
    place = SHIPPED / "demo" / "adapters" / space
    ours, theirs = FlaxAdapter.load(place), load_adapter(place)
    real = theirs.space()
    vectors = real.mean + real.scale * np.random.default_rng(0).normal(size=(50, real.dim)).astype(np.float32)
    assert ours.config == theirs.config
    assert ours.space() == real
    np.testing.assert_allclose(ours(vectors), in_torch(theirs, vectors), rtol=0, atol=1e-5)
    np.testing.assert_allclose(nnx.jit(ours)(vectors), in_torch(theirs, vectors), rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_every_precision_on_disk_gives_torchs_soft_tokens(
    trained: MLPAdapter, tmp_path: Path, dtype: torch.dtype
) -> None:
    place = save_adapter(trained, tmp_path / "a", dtype)
    vectors = tiny_elm.vectors(seed=3) * 2
    wanted = in_torch(load_adapter(place), vectors)
    assert not np.allclose(wanted, in_torch(tiny_elm.adapter(tiny_elm.table()).eval(), vectors), atol=0.01)
    np.testing.assert_allclose(FlaxAdapter.load(place)(vectors), wanted, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_it_is_an_ordinary_module_of_nnx(folder: Path) -> None:
    """Pure under `jax.jit`, the same gradients as torch, and the statistics are not among what is trained."""
    ours, theirs = FlaxAdapter.load(folder), load_adapter(folder)
    vectors = tiny_elm.vectors()
    graph, state = nnx.split(ours)
    pure = jax.jit(lambda state, x: nnx.merge(graph, state)(x))(state, vectors)
    np.testing.assert_allclose(pure, ours(vectors), rtol=0, atol=1e-6)

    found = nnx.to_pure_dict(nnx.grad(lambda adapter: (adapter(vectors) ** 3).mean())(ours))
    (theirs(torch.from_numpy(vectors)) ** 3).mean().backward()
    assert set(found) == {"inner", "outer", "norm"}
    for layer, name, turned in (("inner", "kernel", True), ("outer", "bias", False), ("norm", "scale", False)):
        wanted = getattr(theirs, layer).get_parameter("bias" if name == "bias" else "weight").grad.numpy()
        np.testing.assert_allclose(found[layer][name], wanted.T if turned else wanted, rtol=1e-3, atol=1e-6)


def test_what_it_saves_torch_loads_bit_for_bit(folder: Path, tmp_path: Path) -> None:
    again = load_adapter(FlaxAdapter.load(folder).save(tmp_path / "again"))
    wanted = load_adapter(folder)
    assert again.config == wanted.config
    assert all(torch.equal(again.state_dict()[name], value) for name, value in wanted.state_dict().items())


def test_a_fresh_one_is_drawn_by_its_seed_and_spread_like_tokens(tmp_path: Path) -> None:
    one, two, other = (FlaxAdapter(CONFIG, nnx.Rngs(seed), token_spread=0.02) for seed in (0, 0, 1))
    vectors = tiny_elm.vectors()
    assert one(vectors).shape == (12, 3, 32)
    assert (one(vectors) == two(vectors)).all()
    assert not np.allclose(one(vectors), other(vectors), atol=1e-3)
    assert float(one(vectors).std()) == pytest.approx(0.02, rel=0.01)
    np.testing.assert_allclose(FlaxAdapter.load(one.save(tmp_path / "new"))(vectors), one(vectors), atol=1e-6)


def change(folder: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors")


def rename(tensors: dict[str, torch.Tensor]) -> None:
    tensors["outer.offset"] = tensors.pop("outer.bias")


FAULTS: dict[str, Callable[[Path], object]] = {
    "missing tensor": lambda f: change(f, lambda t: t.pop("norm.bias")),
    "extra tensor": lambda f: change(f, lambda t: t.update(extra=torch.zeros(2))),
    "renamed tensor": lambda f: change(f, rename),
    "misshapen tensor": lambda f: change(f, lambda t: t.update({"inner.bias": torch.zeros(3)})),
    "turned tensor": lambda f: change(f, lambda t: t.update({"inner.weight": t["inner.weight"].T.contiguous()})),
    "whole numbers": lambda f: change(f, lambda t: t.update({"norm.bias": torch.zeros(32, dtype=torch.int64)})),
    "not a number": lambda f: change(f, lambda t: t["outer.weight"].fill_(np.nan)),
    "infinity": lambda f: change(f, lambda t: t["mean"].fill_(np.inf)),
    "negative scale": lambda f: change(f, lambda t: t["scale"].neg_()),
    "cut off": lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:500]),
    "empty": lambda f: (f / "model.safetensors").write_bytes(b""),
    "no weights": lambda f: (f / "model.safetensors").unlink(),
    "no config": lambda f: (f / "config.json").unlink(),
    "no JSON": lambda f: (f / "config.json").write_text("{"),
    "unknown field": lambda f: (f / "config.json").write_text(json.dumps({**CONFIG.to_dict(), "more": 1})),
    "other width": lambda f: (f / "config.json").write_text(json.dumps(replace(CONFIG, hidden=99).to_dict())),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_folder_is_refused_in_torchs_words(folder: Path, fault: str) -> None:
    FAULTS[fault](folder)
    with pytest.raises(ElmError) as theirs:
        load_adapter(folder)
    with pytest.raises(ElmError) as ours:
        FlaxAdapter.load(folder)
    assert (type(ours.value), str(ours.value)) == (type(theirs.value), str(theirs.value))


def test_weights_that_are_not_finite_are_not_saved(folder: Path, tmp_path: Path) -> None:
    adapter = FlaxAdapter.load(folder)
    adapter.norm.bias[...] = adapter.norm.bias[...] * np.nan
    with pytest.raises(ElmError, match=r"must be finite to be saved, but norm.bias are not"):
        adapter.save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_it_refuses_what_is_no_vector_of_its_space(folder: Path) -> None:
    adapter = FlaxAdapter.load(folder)
    with warnings.catch_warnings(action="error"):
        assert adapter.check(tiny_elm.vectors()[0]).shape == (1, 6)
    with pytest.raises(VectorError, match="have 6 numbers, got 5"):
        adapter.check(np.zeros(5))
    with pytest.raises(VectorError, match="must be finite"):
        adapter.check(np.full(6, np.nan))
    with pytest.warns(OutsideDataWarning, match="far outside the data of space 'toy'"):
        adapter.check(np.full(6, 1e4))


def without(names: tuple[str, ...], code: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter that cannot import the libraries in `names`."""
    guard = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ImportError(f"{{name}} is not installed")
sys.meta_path.insert(0, Absent())
"""
    return subprocess.run([sys.executable, "-c", guard + code], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.slow
def test_it_loads_and_runs_where_there_is_no_torch(folder: Path) -> None:
    code = (
        "import numpy as np\nfrom elm.adapters import FlaxAdapter\n"
        f"adapter = FlaxAdapter.load({str(folder)!r})\n"
        "print(float(np.abs(adapter(adapter.check(np.ones(6)))).sum()))"
    )
    done = without(("torch", "transformers", "peft"), code)
    assert done.returncode == 0, done.stderr
    wanted = np.abs(in_torch(load_adapter(folder), np.ones((1, 6), np.float32))).sum()
    assert float(done.stdout) == pytest.approx(float(wanted), abs=1e-4)


@pytest.mark.slow
def test_without_the_extra_the_error_says_what_to_install() -> None:
    done = without(("flax",), "import elm.adapters\nelm.adapters.MLPAdapter\nelm.adapters.FlaxAdapter")
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith('the Flax adapter needs JAX and Flax; run: pip install "elm-toolkit[jax]"')


def test_the_door_loads_neither_torch_nor_jax() -> None:
    code = "import sys, elm.adapters; elm.adapters.AdapterConfig; print({'torch', 'jax', 'flax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "set()\n", done.stderr
