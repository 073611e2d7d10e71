"""A small world to serve: twelve items with hostile titles, twenty users, a model whose texts are noise, a TEARS."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
import pandas as pd
import tiny_elm
import torch

from elm.data import Dataset
from elm.embeddings import VectorTable, wals
from elm.model import EmbeddingLanguageModel
from elm.recommend import MultiVAE, MultiVAEConfig, PieceTextEncoder, Recommender, Tears, TextHeadConfig
from elm.runs import steered
from elm.serve.core._limits import Limits
from elm.serve.core._served import Served
from elm.serve.core._service import Service
from elm.tasks import SECOND, VECTOR, Task

HOSTILE = (
    "<script>window.hit = 1</script>",
    '<img src=x onerror="window.hit = 1">',
    "{{constructor.constructor('window.hit = 1')()}}",
    "${window.hit = 1}",
    "`;window.hit = 1;`",
    "javascript:window.hit=1",
    "\u202egnp.exe",
    "' OR 1=1 --",
    "](javascript:window.hit=1)",
    "&lt;b&gt;",
    "Plain title",
    "Другое название",
)
ITEMS = [f"i{number}" for number in range(len(HOSTILE))]
USERS = [f"u{number}" for number in range(20)]
TASKS = (
    Task("say", "item", f"Say it: {VECTOR}.", max_new_tokens=12, temperature=0.5),
    Task("both", "pair", f"{VECTOR} {SECOND}", max_new_tokens=8),
    Task("tell", "user", f"Tell: {VECTOR}", max_new_tokens=12),
)


class HashedWords:
    """A sentence encoder without weights: every word adds its own fixed random vector."""

    name, fingerprint, dim = "hashed-words", "hashed-words-1", 16

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.stack([self._one(text) for text in texts]).astype(np.float32)

    def _one(self, text: str) -> np.ndarray:
        rows = [np.random.default_rng(zlib.crc32(word.encode())).normal(size=self.dim) for word in text.lower().split()]
        return np.sum(rows, axis=0) / np.linalg.norm(np.sum(rows, axis=0))


@cache
def data() -> Dataset:
    genres = [["Comedy"] if number < 6 else ["Horror"] for number in range(12)]
    items = pd.DataFrame({"title": HOSTILE, "year": 2000, "genres": genres}, index=ITEMS)
    rng, rows = np.random.default_rng(0), []
    for number, user in enumerate(USERS):
        own = np.arange(6) + 6 * (number % 2)
        rows += [(user, ITEMS[item], 5.0) for item in rng.choice(own, 4, replace=False)]
        rows += [(user, ITEMS[item], 1.0) for item in rng.choice((own + 6) % 12, 2, replace=False)]
    frame = pd.DataFrame(rows, columns=["user", "item", "rating"])
    texts = pd.DataFrame({"item": ITEMS, "source": "plot", "text": [f"A story. {title}" for title in HOSTILE]})
    return Dataset("small", items, pd.DataFrame(index=USERS), frame, texts)


@cache
def served() -> Served:
    films = tiny_elm.table(12, 6, "toy")
    films = VectorTable(ITEMS, films.vectors, films.space)
    users, items = wals(data(), factors=4, min_item_ratings=1)
    adapters = {"toy": tiny_elm.adapter(films, ("say", "both")), "wals": tiny_elm.adapter(users, ("tell",), seed=1)}
    model = EmbeddingLanguageModel(tiny_elm.base(), tiny_elm.tokenizer(), adapters, tiny_elm.BASE, TASKS)
    with torch.no_grad():  # louder than fresh, or texts would not depend on vectors
        for name in adapters:
            model.adapter(name).norm.weight.fill_(1.0)
        for parameter in model.llm.model.layers.parameters():
            parameter.mul_(12 if parameter.ndim == 2 else 1)
    torch.manual_seed(0)
    text = PieceTextEncoder(HashedWords(), TextHeadConfig(HashedWords.dim, 4, 8))
    tears = Tears(MultiVAE(MultiVAEConfig(12, hidden=8, latent=4)), text)
    ranker = steered(Recommender(tears, ITEMS, list(HOSTILE)), data())
    tables = {"films": films, "users": users, "items": items}
    return Served(None, model.eval(), tables, data(), ranker)


def service(**limits: float) -> Service:
    """A service of its own, to be closed."""
    return Service(served(), Limits(**limits))
