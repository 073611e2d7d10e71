"""The recommender of a run: Multi-VAE on histories, and the text encoder aligned with its latent space."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from scipy import sparse

from elm.embeddings import SentenceEncoder
from elm.recommend import (
    HeldOut,
    KnownTexts,
    LoraTextEncoder,
    Recommender,
    TearsRun,
    TextHeadConfig,
    positives,
    train_multivae,
    train_tears,
)
from elm.runs._experiment_data import World
from elm.runs._folder import RunFolder

PROFILE = "user_profile"
"""The task whose texts the recommender reads."""


@dataclass(frozen=True)
class HeldUsers:
    """Held-out users on the recommender's catalogue: `inputs` and `targets` are (n, items), in the order of `ids`."""

    ids: list[str]
    inputs: sparse.csr_matrix
    targets: sparse.csr_matrix
    profiles: list[str]  # the teacher's, from the inputs

    def as_held_out(self) -> HeldOut:
        return HeldOut(self.inputs, self.targets, self.profiles)


def held_users(world: World, ids: list[str], seed: int = 0) -> HeldUsers:
    """Inputs are the 80 % of ratings that made their vectors; targets the liked films among the other 20 %."""
    folded, known = world.dataset.restrict(users=ids), set(world.items.ids)

    def matrix(ratings: pd.DataFrame) -> sparse.csr_matrix:
        theirs = ratings[ratings["user"].isin(set(ids)) & ratings["item"].isin(known)]
        return replace(folded, interactions=theirs).ratings_matrix(users=ids, items=world.items.ids)

    hidden = matrix(world.hidden)
    targets = positives(hidden)
    teacher = world.user_teacher(seed)
    return HeldUsers(ids, matrix(world.rated), targets, [teacher.write(u, PROFILE) for u in ids])


def teach_recommender(
    run: RunFolder, world: World, encoder: SentenceEncoder, seed: int = 0, progress: bool = True, lora_rank: int = 0
) -> dict[str, Any]:
    """Train backbone and text encoder on the training users; validation users stop both. Saved as `recommender/`.

    `lora_rank` above 0 tunes the sentence encoder too, by low-rank updates: on a CPU some twenty times as long.
    """
    users, items = world.users.ids, world.items.ids
    ratings = world.dataset.ratings_matrix(users=users, items=items)
    validation = held_users(world, world.user_split.validation, seed)
    vae, _ = train_multivae(ratings, validation.as_held_out(), seed=seed, progress=progress)
    teacher = world.user_teacher(seed)
    profiles = [teacher.write(u, PROFILE) for u in users]
    text: SentenceEncoder | LoraTextEncoder = encoder
    if lora_rank:
        text = LoraTextEncoder(encoder, TextHeadConfig(encoder.dim, vae.config.latent), rank=lora_rank, seed=seed)
    how = TearsRun(seed=seed, progress=progress)
    tears, log = train_tears(vae, text, ratings, profiles, validation.as_held_out(), run=how)
    titles = world.dataset.items["title"].reindex(items).to_list()
    kinds = sorted({kind for kinds in world.dataset.items["genres"].reindex(items) for kind in kinds})
    known = KnownTexts.fit(tears.text, validation.profiles, kinds)
    Recommender(tears, items, titles, known).save(run.path / "recommender")
    best = max(log, key=lambda record: record["ndcg"])
    return {
        "validation": {k: v for k, v in best.items() if k.startswith("ndcg")},
        "users": len(users),
        "items": len(items),
    }
