"""Concept vectors: how fast thousands are fitted, and how true they are on the demo world and on MovieLens tags.

python benchmarks/concepts.py [--concepts 1000] [--baseline 1000] [--repeats 3]
python benchmarks/concepts.py --demo
python benchmarks/concepts.py --movielens FOLDER      FOLDER holds ml-1m/ and movielens-tags/
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from elm.cav import Method

Loop = Callable[[npt.NDArray[np.int8]], npt.NDArray[np.float64]]
ROWS, DIM = 10_000, 64
SPLITS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concepts", type=int, default=1000)
    parser.add_argument("--baseline", type=int, default=1000, help="concepts of the loops; fewer are extrapolated")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--demo", action="store_true", help="known attributes and planted null concepts instead")
    parser.add_argument("--movielens", type=Path, help="tags on ML-1M vectors instead")
    parser.add_argument("--first-call", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first_call:
        first_call(options.first_call)
    elif options.demo:
        demo_world()
    elif options.movielens:
        movielens(options.movielens)
    else:
        speed(options.concepts, min(options.baseline, options.concepts), options.repeats)


def speed(concepts: int, baseline: int, repeats: int) -> None:
    """Loops of scikit-learn against one call: the same data, penalty (scikit-learn's default) and class weights.

    In turns, each loop over its share of the concepts and then ours over all, so that other work slows both.
    """
    from sklearn.linear_model import LogisticRegression, Ridge

    from elm.cav import fit, fit_many
    from elm.embeddings import EmbeddingSpace, VectorTable

    x, y = planted(concepts)
    note = "" if baseline == concepts else f", extrapolated from {baseline} concepts"
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(
        f"{concepts} concepts on {ROWS} vectors of {DIM}; loops of scikit-learn{note}; medians of {repeats} turns; "
        f"OMP_NUM_THREADS {threads}"
    )
    loops: dict[str, Loop] = {
        "LogisticRegression": lambda c: LogisticRegression(class_weight="balanced").fit(x, c).coef_[0],
        "its newton-cholesky": lambda c: (
            LogisticRegression(class_weight="balanced", solver="newton-cholesky", tol=1e-8).fit(x, c).coef_[0]
        ),
        "Ridge": lambda c: Ridge().fit(x, c).coef_,
        "differences of means": lambda c: x[c == 1].mean(0) - x[c == 0].mean(0),
    }
    ours: dict[Method, tuple[Callable[[], float], str, list[str]]] = {
        "logistic": (
            lambda: in_a_new_process(x, y),
            "its newton-cholesky",
            ["LogisticRegression", "its newton-cholesky"],
        ),
        "ridge": (lambda: timed(lambda: fit_many(x, y, "ridge", 1.0)), "Ridge", ["Ridge", "LogisticRegression"]),
        "difference": (
            lambda: timed(lambda: fit_many(x, y, "difference")),
            "differences of means",
            ["differences of means", "LogisticRegression"],
        ),
    }
    seconds: dict[str, list[float]] = {name: [] for name in (*loops, *ours)}
    found: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in loops}
    for part in np.array_split(np.arange(baseline), repeats):
        for name, one in loops.items():
            start = time.perf_counter()
            found[name] += [one(y[:, i]) for i in part]
            seconds[name].append((time.perf_counter() - start) * concepts / len(part))
        for method, (work, _, _) in ours.items():
            seconds[method].append(work())
    for name in loops:
        print(f"  loop of {name}: {statistics.median(seconds[name]):.2f} s")
    for method, (_, exact, rivals) in ours.items():
        apart = np.abs(fit_many(x, y, method, 1.0).coef[:baseline] - np.array(found[exact])).max()
        ratios = ", ".join(
            f"{statistics.median(a / b for a, b in zip(seconds[rival], seconds[method], strict=True)):.0f} times "
            f"the loop of {rival}"
            for rival in rivals
        )
        print(f"{method}: {statistics.median(seconds[method]):.3f} s, {ratios}; coefficients within {apart:.1e}")
    space = EmbeddingSpace.fit("planted", x, "dot", {}, "planted")
    table = VectorTable([str(i) for i in range(ROWS)], x.astype(np.float32), space)
    ids = np.array(table.ids)
    sets = {f"concept {i}": ids[column == 1] for i, column in enumerate(y.T)}
    whole = statistics.median(timed(lambda: fit(table, sets)) for _ in range(repeats))
    print(f"fit of {concepts} named concepts with their held-out evidence: {whole:.1f} s")


def planted(concepts: int, seed: int = 0) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    """Correlated standardised vectors (n, d), and noisy planted concepts (n, C) that 1 % to 50 % of rows show."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, DIM)) * np.exp(rng.normal(size=DIM) / 2) @ np.linalg.qr(rng.normal(size=(DIM, DIM)))[0]
    x = (x - x.mean(0)) / x.std(0)
    directions = rng.normal(size=(DIM, concepts))
    scores = x @ (1.5 * directions / np.linalg.norm(directions, axis=0)) + rng.logistic(size=(ROWS, concepts))
    share = np.exp(rng.uniform(np.log(0.01), np.log(0.5), size=concepts))
    cuts = np.array([np.quantile(column, 1 - part) for column, part in zip(scores.T, share, strict=True)])
    return x, (scores > cuts).astype(np.int8)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_a_new_process(x: npt.NDArray[np.float64], y: npt.NDArray[np.int8]) -> float:
    """Seconds of the first batched fit of a process: import of JAX and compilation counted, Python's start not."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "data.npz", x=x, y=y)
        done = subprocess.run(
            [sys.executable, __file__, "--first-call", str(Path(folder) / "data.npz")],
            capture_output=True,
            text=True,
            check=True,
            env=dict(os.environ),
        )
    return float(done.stdout.split()[-1])


def first_call(path: Path) -> None:
    from elm.cav import fit_many

    with np.load(path) as data:
        x, y = data["x"], data["y"]
    print(timed(lambda: fit_many(x, y, l2=1.0, engine="jax")))


def demo_world() -> None:
    """Known attributes on both kinds of vectors, and what 1,000 concepts without meaning pass for."""
    from elm.cav import evidence, fact_concepts, fit
    from elm.data import demo
    from elm.embeddings import wals
    from elm.model import shipped_vectors

    world = demo()
    ratings = world.interactions["item"].value_counts().reindex(world.items.index, fill_value=0).astype(float)
    tables = {"semantic": shipped_vectors("films"), "WALS": wals(world)[1]}
    for kind, table in tables.items():
        facts = fact_concepts(world, table)
        print(f"\n{kind}: {len(table)} films of {table.space.dim}; means of {SPLITS} splits")
        for method in ("ridge", "logistic", "ranking", "difference"):
            path = [table.space.dim / 64, table.space.dim / 16, table.space.dim / 4, table.space.dim]
            runs = [
                evidence(table, facts, method, ratings, 0, 0, seed=seed, l2=path)[["auc", "auc_popularity"]]
                for seed in range(SPLITS)
            ]
            mean = sum(runs[1:], runs[0]) / SPLITS
            least, most = mean["auc"].min(), mean["auc_popularity"].max()
            print(
                f"  {method}: AUC least {least:.3f} ({mean['auc'].idxmin()}), mean {mean['auc'].mean():.3f}; "
                f"of popularity at most {most:.3f}"
            )
        shown = ["auc", "p_value", "random_auc", "above_random", "stability", "also_moves", "cosine"]
        print(evidence(table, facts, "ridge", l2=path)[shown].to_string(float_format="%.3g"))
    rng = np.random.default_rng(0)
    for kind, table in tables.items():
        sizes = rng.integers(20, len(table) // 2, size=1000)
        null = {f"null {i}": rng.choice(table.ids, size, replace=False) for i, size in enumerate(sizes)}
        report = fit(table, null).report()
        shares = ", ".join(
            f"{(report['p_value'] < level).mean():.1%} have p < {level}" for level in (0.05, 0.01, 0.001)
        )
        print(
            f"{kind}: of 1,000 concepts without meaning {shares}; {(report['p_fdr'] < 0.05).sum()} pass FDR 0.05, "
            f"{(report['p_holm'] < 0.05).sum()} Holm's 0.05; mean AUC {report['auc'].mean():.3f}"
        )


def movielens(folder: Path) -> None:
    """Tags on ML-1M vectors, among tagged films, against popularity; and the tags that are no concepts."""
    from elm.cav import evidence, fit, tag_concepts, tag_table
    from elm.data import load_movielens, load_tags
    from elm.embeddings import VectorTable, wals

    data, tags = load_movielens("ml-1m", folder / "ml-1m"), load_tags(folder / "movielens-tags")
    items: VectorTable = wals(data)[1]
    tags = tags[tags["item"].isin(items.ids)]
    tested = tag_concepts(tags, items)
    tested |= tag_concepts(tags, items, kind="name")
    films = next(iter(tested.values())).index
    print(
        f"{len(items)} films of {items.space.dim}, {len(films)} of them tagged; {len(tested)} tags on 20 of them or "
        f"more by 5 users or more; means of {SPLITS} splits"
    )
    popularity = popularities(data.interactions, tags, films, tested)
    print("AUC of popularity: " + ", ".join(f"{name} {value:.3f}" for name, value in popularity.items()))
    path = [16, 64, 256, 1024, 4096]
    for way, options in {
        "logistic, the default penalty": {},
        "logistic, penalty chosen on training films": {"l2": path},
        "ridge, penalty chosen on training films": {"method": "ridge", "l2": path},
        "difference": {"method": "difference"},
    }.items():
        reports = [fit(items, tested, seed=seed, **options).report() for seed in range(SPLITS)]
        auc = statistics.mean(float(report["auc"].mean()) for report in reports)
        found = statistics.mean(float((report["p_fdr"] < 0.05).mean()) for report in reports)
        above = ", ".join(f"{auc - value:+.3f} above {name}" for name, value in popularity.items())
        print(f"  {way}: AUC {auc:.3f} ({above}); {found:.0%} of tags pass an FDR of 0.05")
    ratings = data.interactions["item"].value_counts().astype(float).reindex(items.ids)
    base = evidence(items, tested, popularity=ratings, random=0, resamples=3, l2=path).sort_values(
        "auc", ascending=False
    )
    shown = base[["auc", "auc_popularity", "p_fdr", "stability", "also_moves", "cosine"]]
    print(shown.iloc[[*range(10), *range(-5, 0)]].to_string(float_format="%.3g"))
    about = tag_table(tags)
    about = about[about["items"] >= 20]
    for kind in ("name", "availability", "personal"):
        rows = about[about["kind"] == kind]
        print(f"{kind}, {len(rows)}: " + "; ".join(f"{tag} ({why})" for tag, why in rows["why"].head(12).items()))
    subjective = about[about["kind"] == "concept"].sort_values("disagreement")["disagreement"]
    print(
        "least disagreement among users: "
        + "; ".join(f"{tag} {value:.2f}" for tag, value in subjective.head(8).items())
    )
    print("most: " + "; ".join(f"{tag} {value:.2f}" for tag, value in subjective.tail(8).items()))


def popularities(
    interactions: pd.DataFrame, tags: pd.DataFrame, films: pd.Index, tested: dict[str, pd.Series]
) -> dict[str, float]:
    """Mean AUC over tags of three counts among tagged films: ratings, uses of any tag, and uses of other tags.

    A film with many tags has any given one more easily, so uses are the harder rival; uses of any tag count the tag
    in question itself.
    """
    from elm.metrics import auc

    words = tags["tag"].str.split().str.join(" ").str.lower()
    uses = tags.groupby("item").size().reindex(films).to_numpy(dtype=float)
    ratings = interactions["item"].value_counts().reindex(films).to_numpy(dtype=float)
    found: dict[str, list[float]] = {"ratings": [], "uses of any tag": [], "uses of other tags": []}
    for tag, shown in tested.items():
        own = tags[words == tag].groupby("item").size().reindex(films, fill_value=0).to_numpy(dtype=float)
        for name, count in zip(found, (ratings, uses, uses - own), strict=True):
            found[name].append(auc(count, shown))
    return {name: statistics.mean(values) for name, values in found.items()}


if __name__ == "__main__":
    main()
