"""A recommender's own latents as vectors that an ELM reads: summaries from what the recommender itself knows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from scipy import sparse

from elm._errors import CallError
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import EmbeddingLanguageModel
from elm.recommend import Autoencoder


def latent_table(
    backbone: Autoencoder, histories: sparse.csr_matrix, users: Sequence[str], name: str = "latent"
) -> VectorTable:
    """A backbone's latents of users, (users, latent), as a table that an ELM can be trained on and read.

    Args:
        histories: (users, items) raw ratings in the backbone's columns, such as `TextSplit.inputs(part)`.
        users: their ids.
        name: of the space. Its fingerprint is a hash of the backbone's weights, so another training is another space;
            its statistics are those of these users.

    Raises `CallError` for another number of users or items, or where there is no user.
    """
    if histories.shape[0] != len(users) or not len(users):
        raise CallError(f"one id per user, at least one: {histories.shape[0]} histories, {len(users)} ids")
    digest = hashlib.sha256(type(backbone).__name__.encode())
    for key, weights in sorted(backbone.state_dict().items()):
        digest.update(key.encode())
        digest.update(weights.detach().cpu().numpy().tobytes())
    vectors = backbone.latents(histories)
    made = {"by": type(backbone).__name__, "kind": "users"}
    space = EmbeddingSpace.fit(name, vectors, "dot", made, digest.hexdigest()[:16])
    return VectorTable(list(users), vectors, space)


def read_summaries(
    model: EmbeddingLanguageModel,
    table: VectorTable,
    task: str = "user_summary",
    *,
    space: str | None = None,
    seed: int = 0,
    batch_size: int = 64,
    progress: bool = False,
) -> dict[str, str]:
    """User -> what our model reads in the user's vector, for WALS vectors (ELM) or latents; else as `describe`."""
    texts = model.describe(table, task, space=space, seed=seed, batch_size=batch_size, progress=progress)
    return dict(zip(table.ids, texts, strict=True))
