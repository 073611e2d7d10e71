"""Any recommender from its folder: which class reads it is what the folder's config says it is."""

from __future__ import annotations

from pathlib import Path

from elm._errors import CheckpointError
from elm._storage.folders import read_whole
from elm.recommend._model_folder import read_config
from elm.recommend._protocols import AnyRecommender
from elm.recommend.backbones._recommender import BackboneRecommender
from elm.recommend.backbones._registry import BACKBONES
from elm.recommend.requests import _steered_store as steered
from elm.recommend.requests._steered import SteeredRecommender
from elm.recommend.tears._recommender import Recommender
from elm.recommend.tears._store import KINDS, kind_of
from elm.recommend.tears._text_encoder import SentenceVectors


def load(folder: str | Path, encoder: SentenceVectors | None = None) -> AnyRecommender:
    """The recommender in a folder: a `Recommender` (TEARS, GERS), a `BackboneRecommender` or a `SteeredRecommender`.

    encoder: the sentence encoder that TEARS is to read texts with; by default the one that the folder names, found when
    a text first comes. Raises `CheckpointError` unless every part is there, whole and of one model.
    """
    kind = read_whole(folder, lambda: kind_of(read_config(Path(folder), "recommender")))
    if isinstance(kind, str) and kind in BACKBONES:
        return BackboneRecommender.load(folder)
    if isinstance(kind, str) and kind in KINDS:
        return Recommender.load(folder, encoder)
    if kind == steered.KIND:
        base, values, by = read_whole(folder, lambda: steered.load_parts(Path(folder), load, encoder))
        return SteeredRecommender(base, values, by=by)
    raise CheckpointError(
        f"{folder} has kind {kind!r}, this version reads {', '.join((*BACKBONES, *KINDS, steered.KIND))}"
    )
