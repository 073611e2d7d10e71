"""Where guidance takes each user: latents at alpha 0 and under "More {genre} films." in the plane (TEARS, Figure 6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from elm._errors import CallError
from elm._typing import Floats
from elm.evaluation.controllability._guided import PHRASES, SignedScorer, genre_attributes
from elm.metrics import genre_ndcg, top_k


class LatentScorer(SignedScorer, Protocol):
    """A recommender that also shows its latents, as `Recommender` does."""

    def latents(self, histories: sparse.csr_matrix | None, profiles: Any, alpha: float) -> np.ndarray:
        """(n, latent); arguments as in `scores`."""
        ...


@dataclass(frozen=True)
class GuidedMap:
    """Points in the plane: `start` (n, 2) at alpha 0, `moved` genre -> (n, 2) at `alpha`, `phrases` genre -> (2,) of
    the phrase alone, and `rise` genre -> (n,) change of the genre-wise NDCG@k from start to moved."""

    alpha: float
    start: Floats
    moved: dict[str, Floats]
    phrases: dict[str, Floats]
    rise: dict[str, Floats]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, four decimals."""

        def plain(points: Floats) -> Any:
            return np.round(points, 4).tolist()

        groups = {"moved": self.moved, "phrases": self.phrases, "rise": self.rise}
        named = {key: {name: plain(points) for name, points in group.items()} for key, group in groups.items()}
        return {"alpha": self.alpha, "start": plain(self.start), **named}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> GuidedMap:
        """What `to_dict` gave."""
        groups = ({n: np.asarray(p, np.float64) for n, p in value[key].items()} for key in ("moved", "phrases", "rise"))
        return cls(value["alpha"], np.asarray(value["start"], np.float64), *groups)


@dataclass(frozen=True)
class MapSettings:
    """shown: how many genres are asked for, the first ones. alpha: weight of the phrase. method: how latents are laid
    in the plane. phrase: with {} for the genre. k: of the genre-wise NDCG."""

    shown: int = 3
    alpha: float = 0.5
    method: Literal["pca", "tsne"] = "pca"
    phrase: str = PHRASES[0]
    k: int = 20


def guided_map(
    recommender: LatentScorer,
    histories: sparse.csr_matrix,
    item_genres: Sequence[Collection[str]],
    genres: Sequence[str],
    settings: MapSettings | None = None,
    seed: int = 0,
) -> GuidedMap:
    """Lay the latents of all users in the plane, before and after asking for more of each of the first genres.

    All points are laid out together; the phrases of all `genres` are on the map too. Raises `CallError` for another
    method, fewer than two users or no genre, and what `scores` raises.
    """
    how = settings or MapSettings()
    if how.method not in ("pca", "tsne"):
        raise CallError(f"the map is made by 'pca' or 'tsne', got {how.method!r}")
    if histories.shape[0] < 2 or how.shown < 1:
        raise CallError(f"a map needs two users and a genre or more, got {histories.shape[0]} and {how.shown}")
    attributes, n = genre_attributes(item_genres, genres), histories.shape[0]
    names = list(attributes)[: how.shown]
    base = top_k(recommender.scores(histories, None, 0.0), how.k)
    groups, rise = [recommender.latents(histories, None, 0.0)], {}
    for name in names:
        texts = [how.phrase.format(name)] * n
        groups.append(recommender.latents(histories, texts, how.alpha))
        ranked = top_k(recommender.scores(histories, texts, how.alpha), how.k)
        rise[name] = genre_ndcg(ranked, attributes[name], how.k) - genre_ndcg(base, attributes[name], how.k)
    groups.append(recommender.latents(None, [how.phrase.format(name) for name in attributes], 1.0))
    points = _plane(np.concatenate(groups), how.method, seed)
    parts = np.split(points, np.cumsum([len(group) for group in groups])[:-1])
    moved = dict(zip(names, parts[1:-1], strict=True))
    return GuidedMap(how.alpha, parts[0], moved, dict(zip(attributes, parts[-1], strict=True)), rise)


def _plane(vectors: npt.NDArray[np.floating], method: str, seed: int) -> Floats:
    """(m, d) to (m, 2)."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    if method == "pca":
        found = PCA(2, random_state=seed).fit_transform(vectors)
    else:
        near = min(30.0, (len(vectors) - 1) / 3)
        found = TSNE(2, perplexity=near, init="pca", random_state=seed).fit_transform(vectors)
    return np.asarray(found, dtype=np.float64)
