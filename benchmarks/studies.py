"""The studies of the TEARS paper on one model: what each part of its training does, and what summaries it bears.

OMP_NUM_THREADS=1 python benchmarks/studies.py STUDY [demo | ml-100k --folder FOLDER] [--seeds 5] [--out FOLDER]

pooling        mean or concatenation, with and without optimal transport (Table 2)
likelihoods    which decodings are learned from (Table 10)
train          which encoders learn (Table 11)
init           the text side starts as that of TEARS Base (Table 12)
transport      lambda1 (Figure 7)
views          how many tastes that no user has are learned from (ours)
cold-start     the first 5 to 50 ratings are known (Figure 14)
stochastic     five summaries of each user, each from four fifths of what is known (Table 13)
other-writer   summaries in other words than those trained on (Table 14); `--texts FILE` brings more (JSON user -> text)

The first row is the paper's form, or ours, which the others are tested against: p, two-sided, in pairs over seeds.
`--set lora_rank=8` tunes the sentence encoder too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _experiment import arguments, folder, report, set_values
from scipy import sparse

from elm.data import Dataset, load
from elm.evaluation import draw_flips, large_scope, largest_genres
from elm.metrics import paired_test
from elm.recommend import Recommender, RuleEditor, evaluate_profiles, make_autoencoder, ndcg_at, split_dataset
from elm.runs import TextModels, TextSplit, best_alpha, file_summaries, fit_text_model
from elm.tasks import TemplateTeacher, TraitReader

Record = dict[str, float]

VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "pooling": {
        "mean, transport": {},
        "mean, none": {"transport": 0.0},
        "concatenation, transport": {"pooling": "concatenation"},
        "concatenation, none": {"pooling": "concatenation", "transport": 0.0},
    },
    "likelihoods": {
        "all three": {},
        "without text": {"likelihoods": ("mixture", "history")},
        "without history": {"likelihoods": ("mixture", "text")},
        "without mixture": {"likelihoods": ("history", "text")},
    },
    "train": {
        "text side": {},
        "history encoder": {"train_text": False, "train_history": True},
        "both": {"train_history": True},
    },
    "transport": {f"lambda1 {value:g}": {"transport": value} for value in (0.5, 0.0, 0.1, 1.0, 5.0)},
    "views": {f"{count} a user": {"per_user": count} for count in (4, 0, 1, 8)},
}
COUNTS = (5, 10, 20, 35, 50)


def scored(rec: Recommender, texts: TextSplit, profiles: list[str] | None = None) -> Record:
    """NDCG of history, mixture and text of the test users, and what flips of their genres move at alpha 1."""
    held = texts.held_out("test")
    told = profiles or held.profiles
    found = {}
    for k in (20, 50):
        for name, alpha in (("history", 0.0), ("mixture", 0.5), ("text", 1.0)):
            values = evaluate_profiles(rec, held.inputs, told, held.targets, alpha, k)
            found[f"{name}@{k}"] = float(np.nanmean(values))
    if profiles is None:
        flips = draw_flips(RuleEditor(), held.profiles, largest_genres(texts.genres, 10))
        last = large_scope(rec, held, flips, texts.genres, alphas=(1.0,)).summary().iloc[-1]
        found |= {"rise": float(last["rise"]), "fall": float(last["fall"])}
    return found


def trained(study: str, model: str, models: TextModels, split: Any, seed: int, own: dict[str, Any]) -> Any:
    """Label and scores of each variant of the training."""
    for label, settings in VARIANTS[study].items():
        yield label, lambda s=settings: scored(models.fit(model, split, seed, **own, **s), models.texts(split))


def init(study: str, model: str, models: TextModels, split: Any, seed: int, own: dict[str, Any]) -> Any:
    texts, backbone = models.texts(split), model.partition("-")[2]
    yield "fresh text side", lambda: scored(models.fit(model, split, seed, **own), texts)

    def on_base() -> Record:
        empty = make_autoencoder(backbone, *split.train().shape, seed=seed)
        base = fit_text_model("tears-base", texts, seed=seed, backbone=empty, **own)
        trained = models.backbone(backbone, split, seed)
        return scored(fit_text_model(model, texts, seed=seed, backbone=trained, encoder=base.model.text, **own), texts)

    yield "that of TEARS Base", on_base


def cold_start(study: str, model: str, models: TextModels, split: Any, seed: int, own: dict[str, Any]) -> Any:
    """NDCG@20 of test users with 50 known ratings, when only the first of them are known."""
    texts, held = models.texts(split), split.held_out("test")
    many = np.flatnonzero(np.diff(held.inputs.indptr) >= COUNTS[-1])
    ids = [texts.split.users("test")[user] for user in many]

    def known(count: int) -> tuple[sparse.csr_matrix, list[str]]:
        column = {item: place for place, item in enumerate(split.items)}
        rows, told = sparse.lil_matrix((len(ids), len(split.items)), dtype=np.float32), []
        given = split.rows[(split.rows["role"] == "input") & split.rows["user"].isin(ids)]
        times = models.dataset.interactions.astype({"user": str, "item": str})
        given = given.merge(times.drop(columns="rating"), on=["user", "item"])
        for number, user in enumerate(ids):
            first = given[given["user"] == user]
            first = (first.sort_values("time", kind="stable") if "time" in first else first).head(count)
            rows[number, [column[item] for item in first["item"]]] = first["rating"].to_numpy()
            told.append(texts.writer.write(first["item"].tolist(), first["rating"].to_numpy()))
        return rows.tocsr(), told

    def score(count: int) -> Record:
        inputs, told = known(count)
        found = {"users": float(len(ids))}
        for name in (model, "tears-base"):
            rec = models.fit(name, split, seed, **own)
            alpha = best_alpha(name, rec, texts)
            seen = rec.scores(held.inputs[many], texts_of(texts, many), 1.0) == -np.inf
            for label, weight in ((name, alpha), *(((f"{name} alpha 0", 0.0),) if rec.model.history else ())):
                scores = np.where(seen, -np.inf, rec.scores(inputs, told, weight))
                found[label] = float(np.nanmean(ndcg_at(scores, held.targets[many], 20)))
        return found

    for count in COUNTS[::-1]:
        yield f"{count} ratings", lambda count=count: score(count)


def texts_of(texts: TextSplit, users: np.ndarray) -> list[str]:
    return [texts.texts["test"][user] for user in users]


def stochastic(study: str, model: str, models: TextModels, split: Any, seed: int, own: dict[str, Any]) -> Any:
    texts, ids = models.texts(split), np.asarray(split.items)
    inputs = split.held_out("test").inputs

    def part(number: int) -> list[str]:
        rng, told = np.random.default_rng(number), []
        for a, b in zip(inputs.indptr[:-1], inputs.indptr[1:], strict=True):
            kept = a + np.sort(rng.permutation(b - a)[: max(1, round(0.8 * (b - a)))])
            told.append(texts.writer.write(ids[inputs.indices[kept]].tolist(), inputs.data[kept], rng))
        return told

    yield "whole", lambda: scored(models.fit(model, split, seed, **own), texts, texts.texts["test"])
    for number in range(5):
        told = part(number)
        yield f"part {number + 1}", lambda t=told: scored(models.fit(model, split, seed, **own), texts, t)


def other_writer(study: str, model: str, models: TextModels, split: Any, seed: int, own: dict[str, Any]) -> Any:
    texts, users = models.texts(split), split.users("test")
    known = split.rows[(split.rows["role"] == "input") & split.rows["user"].isin(users)]
    reader = TraitReader(models.dataset.restrict(users=split.users("train")), domain=texts.domain)
    teacher = TemplateTeacher(reader.read_all(known), seed)
    others = {f"task {task}": [teacher.write(u, task) for u in users] for task in ("user_summary", "user_profile")}
    for path in own.pop("texts", []):
        told = file_summaries(path)
        others[Path(path).stem] = [told[user] for user in users]
    yield "as trained on", lambda: scored(models.fit(model, split, seed, **own), texts, texts.texts["test"])
    for label, told in others.items():
        yield label, lambda t=told: scored(models.fit(model, split, seed, **own), texts, t)


STUDIES: dict[str, Callable[..., Iterator[tuple[str, Callable[[], Record]]]]] = {
    **dict.fromkeys(VARIANTS, trained),
    "init": init,
    "cold-start": cold_start,
    "stochastic": stochastic,
    "other-writer": other_writer,
}


def means(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A row a variant: mean and deviation over seeds of each measure, and p against the first variant."""
    frame, found = pd.DataFrame(rows), []
    measures = [name for name in frame if name not in ("variant", "seed")]
    first = frame[frame["variant"] == frame["variant"].iloc[0]].set_index("seed")
    for variant, own in frame.groupby("variant", sort=False):
        own, row = own.set_index("seed"), {"variant": variant, "seeds": len(own)}
        for name in measures:
            row |= {name: own[name].mean(), f"sd {name}": own[name].std(ddof=1)}
            if variant != frame["variant"].iloc[0] and len(own) > 1:
                row[f"p {name}"] = paired_test(own[name].tolist(), first.loc[own.index, name].tolist()).p_value
        found.append(row)
    return pd.DataFrame(found).round(4)


def main() -> None:
    parser = arguments(__doc__, seeds=5)
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("dataset", nargs="?", default="demo")
    parser.add_argument("--folder", type=Path, help="where the files of MovieLens lie")
    parser.add_argument("--model", default="tears-recvae", help="default tears-recvae")
    parser.add_argument("--texts", type=Path, action="append", help="of another writer, from inputs alone")
    parser.add_argument("--set", action="append", default=[], help="a setting of the training, as epochs=20")
    options = parser.parse_args()
    data: Dataset = load(options.dataset, options.folder)
    own = set_values(options.set)
    if options.texts:
        own["texts"] = [str(path) for path in options.texts]
    given = {"study": options.study, "dataset": options.dataset, "model": options.model, "set": options.set}
    models, rows = TextModels(data), []
    with folder(options.out, given) as run:
        for seed in range(options.seed, options.seed + options.seeds):
            split = split_dataset(data, "paper", seed, order="time" if data.has_times else "random")
            for label, work in STUDIES[options.study](options.study, options.model, models, split, seed, dict(own)):
                rows.append({"variant": label, "seed": seed, **run.step(f"{label}-{seed}".replace(" ", "_"), work)})
    report(options.study, means(rows), rows, None, options)


if __name__ == "__main__":
    main()
