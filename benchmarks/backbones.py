"""Backbones against cornac's on one split: NDCG@20, and processor seconds until each reaches the quality of the other.

Liked ratings (4 and more) of MovieLens, every user's divided 80/10/10 at random; both libraries get the same rows.
After each epoch 500 users' validation ratings are scored, off the clock. EASE is timed against LAPACK alone.

python benchmarks/backbones.py ml-1m --folder FOLDER [--models ease multi-vae recvae] [--half] [--json]
With `pip install cornac` (3.0.1) in the environment its models run beside ours; OMP_NUM_THREADS=1 for one core.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from elm.data import load
from elm.recommend import (
    EASE,
    TRAINING,
    HeldOut,
    Thresholds,
    cost,
    make_autoencoder,
    measure,
    split_dataset,
    train_backbone,
)

TWINS = {"ease": "EASE", "multi-vae": "VAECF", "recvae": "RecVAE"}


class Curve:
    """Validation NDCG@20 over processor seconds; scoring stops the clock."""

    def __init__(self, watched: HeldOut) -> None:
        self.watched, self.points, self.paused = watched, [], 0.0
        self.began = time.process_time()

    def note(self, model: Any) -> None:
        stopped = time.process_time()
        score = float(measure(model, self.watched, (20,))["ndcg@20"].mean())
        self.points.append((stopped - self.began - self.paused, score))
        self.paused += time.process_time() - stopped

    def until(self, quality: float) -> float | None:
        """Seconds until a score of at least `quality`; None where it is never reached."""
        return next((seconds for seconds, score in self.points if score >= quality), None)

    def best(self) -> tuple[float, float]:
        """Seconds and score of the best point."""
        return max(self.points, key=lambda point: point[1])


class Cornac:
    """A model of cornac behind our door: scores of known users, whose histories are those that it was trained on."""

    def __init__(self, model: Any, train: sparse.csr_matrix, users: np.ndarray) -> None:
        self.model, self.train, self.users = model, train, users

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        found = np.stack([np.ravel(self.model.score(int(user))) for user in self.users])
        found[histories.nonzero()] = -np.inf
        return found


def chosen(held_out: HeldOut, users: np.ndarray) -> HeldOut:
    hidden = None if held_out.hidden is None else held_out.hidden[users]
    return HeldOut(held_out.inputs[users], held_out.targets[users], hidden=hidden)


def ours(
    name: str, train: sparse.csr_matrix, watched: HeldOut, options: argparse.Namespace
) -> tuple[Any, Curve | None]:
    if name == "ease":
        return EASE.fit(train, options.penalty), None
    model = make_autoencoder(name, *train.shape, seed=options.seed)
    curve, plain = Curve(watched), model.scores
    asked = [False]

    def scores(histories: sparse.csr_matrix) -> np.ndarray:
        if not asked[0]:
            asked[0] = True
            curve.note(model)
            asked[0] = False
        return plain(histories)

    model.scores = scores  # type: ignore[method-assign]
    training = dataclasses.replace(TRAINING[type(model)], half=options.half, **json.loads(options.settings))
    train_backbone(model, train, watched, training, seed=options.seed)
    del model.scores
    return model, curve


def cornacs(
    name: str, train: sparse.csr_matrix, watched: HeldOut, users: np.ndarray, options: argparse.Namespace
) -> tuple[Any, Curve | None]:
    import cornac

    rows, columns = train.nonzero()
    pairs = list(zip(rows.tolist(), columns.tolist(), [1.0] * len(rows), strict=True))
    names = ({u: u for u in range(train.shape[0])}, {i: i for i in range(train.shape[1])})
    data = cornac.data.Dataset.build(pairs, global_uid_map=dict(names[0]), global_iid_map=dict(names[1]))
    if name == "ease":
        return cornac.models.EASE(lamb=options.penalty, verbose=False).fit(data), None
    if name == "recvae":
        model = cornac.models.RecVAE(n_epochs=options.epochs["recvae"], use_gpu=False, seed=options.seed)
        module = importlib.import_module("cornac.models.recvae.recom_recvae")
        importlib.import_module("cornac.eval_methods").ranking_eval = lambda **_: (
            [0.0],
        )  # its own scoring, off the clock
    else:
        sizes = {} if options.published else {"k": 200, "autoencoder_structure": [600]}
        model = cornac.models.VAECF(n_epochs=options.epochs["multi-vae"], seed=options.seed, **sizes)
        module = importlib.import_module("cornac.models.vaecf.vaecf")
    curve = Curve(watched)
    module.trange = hooked(lambda: curve.note(Cornac(model, train, users)))
    return model.fit(data), curve


def hooked(after: Callable[[], None]) -> Callable[..., Any]:
    class Epochs:
        def __init__(self, start: int, stop: int, **_: Any) -> None:
            self.numbers = range(start, stop)

        def __iter__(self) -> Iterator[int]:
            for number in self.numbers:
                yield number
                after()

        def set_postfix(self, **_: Any) -> None:
            """There is no bar."""

    return Epochs


def lapack_alone(train: sparse.csr_matrix, penalty: float) -> dict[str, float]:
    """Seconds of factorising and inverting the Gram matrix alone, the better of two, in each precision."""
    gram = (train.T @ train).toarray()
    gram[np.diag_indices_from(gram)] += penalty
    found = {}
    for kind, factor, invert in (("f4", lapack.spotrf, lapack.spotri), ("f8", lapack.dpotrf, lapack.dpotri)):
        seconds = []
        for _ in range(2):
            matrix = np.asfortranarray(gram.astype(kind))
            began = time.process_time()
            invert(factor(matrix, lower=1, overwrite_a=1, clean=0)[0], lower=1, overwrite_c=1)
            seconds.append(time.process_time() - began)
        found[kind] = min(seconds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?", default="ml-1m")
    parser.add_argument("--folder", help="where the files of the data set lie")
    parser.add_argument("--models", nargs="+", default=list(TWINS), choices=[*TWINS, "multi-dae", "macridvae"])
    parser.add_argument("--half", action="store_true", help="ours: products in bfloat16")
    parser.add_argument("--settings", default="{}", help="ours: other training options, as JSON")
    parser.add_argument("--penalty", type=float, default=200.0, help="of both EASEs")
    parser.add_argument("--published", action="store_true", help="VAECF with its default sizes instead of 600 and 200")
    parser.add_argument("--epochs", type=json.loads, default={"multi-vae": 100, "recvae": 50}, help="cornac's, as JSON")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    dataset = load(options.dataset, options.folder)
    liked = dataset.interactions[dataset.interactions["rating"] >= 4]
    split = split_dataset(dataclasses.replace(dataset, interactions=liked), "weak", options.seed, Thresholds(5, 5))
    train, test = split.train(), split.held_out("test")
    validation = split.held_out("validation")
    users = np.sort(np.random.default_rng(0).permutation(len(split.users("validation")))[:500])
    watched = chosen(validation, users)
    beside = importlib.util.find_spec("cornac") is not None
    found = []
    for name in options.models:
        row: dict[str, Any] = {"model": name}
        curves: dict[str, Curve | None] = {}
        for side in ("elm", "cornac") if beside and name in TWINS else ("elm",):
            began = time.process_time()
            if side == "elm":
                (model, curves[side]), spent = cost(lambda name=name: ours(name, train, watched, options))
                scored = model
            else:
                (model, curves[side]), spent = cost(lambda name=name: cornacs(name, train, watched, users, options))
                scored = Cornac(model, train, np.arange(train.shape[0]))
            curve = curves[side]
            row[side] = {
                "cpu_s": time.process_time() - began if curve is None else curve.points[-1][0],
                "memory_mib": spent["memory_mib"],
                **{k: float(v.mean()) for k, v in measure(scored, test).items()},
            }
            if curve is not None:
                row[side] |= {"epochs": len(curve.points), "best": curve.best(), "curve": curve.points}
        if name == "ease":
            row["lapack_cpu_s"] = lapack_alone(train, options.penalty)
            row["gram_mib"] = train.shape[1] ** 2 * 4 / 2**20
        if (mine := curves["elm"]) is not None and (theirs := curves.get("cornac")) is not None:
            seconds, quality = theirs.best()
            row["same_quality"] = {"ndcg@20": quality, "elm_cpu_s": mine.until(quality), "cornac_cpu_s": seconds}
        found.append(row)
        if not options.json:
            show(row)
    if options.json:
        print(json.dumps({"split": split.summary(), "rows": found}, indent=2))


def show(row: dict[str, Any]) -> None:
    for side in ("elm", "cornac"):
        if side in row:
            it = row[side]
            epochs = f", {it['epochs']} epochs" if "epochs" in it else ""
            print(
                f"{row['model']:10} {side:7} NDCG@20 {it['ndcg@20']:.4f} Recall@20 {it['recall@20']:.4f}  "
                f"{it['cpu_s']:.2f} s{epochs}, {it['memory_mib'] or 0:.0f} MiB",
                flush=True,
            )
    for key in ("lapack_cpu_s", "gram_mib", "same_quality"):
        if key in row:
            print(f"{'':10} {key}: {row[key]}", flush=True)


if __name__ == "__main__":
    main()
