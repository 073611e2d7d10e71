"""What was distilled from a judge: v(u, i, r) as the product of f(user, request) and g(item), items encoded once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from elm._errors import CallError
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.recommend.judges._cards import Cards
from elm.recommend.requests._encoder_values import encoded_cards, spread_out, written
from elm.recommend.requests._tower import Tower


class Distilled:
    """Request values at the price of one text encoding: the vectors of all items lie in `table`."""

    graded = True
    """Values lie between 0 and 1, a half between fitting and not."""

    def __init__(
        self,
        requests: Tower,
        products: Tower,
        table: VectorTable,
        offset: float = 0.0,
        items: Sequence[str] | None = None,
    ) -> None:
        """requests: f. products: g, that `table` was made by. offset: what the judge's logit has beside the product.
        items: the catalogue, by default those of the table; others have the value NaN.
        """
        if requests.dim != table.space.dim:
            raise CallError(f"requests and items must share one size, got {requests.dim} and {table.space.dim}")
        self.f, self.g, self.table, self.offset = requests.eval(), products.eval(), table, offset
        self.items = list(table.ids) if items is None else [str(item) for item in items]
        self._vectors = spread_out(table, self.items)

    @property
    def encoder(self) -> object:
        """The sentence encoder that both sides started from."""
        return self.f.encoder

    def values(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """(requests, items) float32 in [0, 1]: what the judge is expected to say; NaN for an item without text.

        Raises `CallError` for a request that is empty or too long.
        """
        logits = self.encode(requests, users) @ self._vectors.T + self.offset
        found: np.ndarray = 1 / (1 + np.exp(-logits))
        return found.astype(np.float32)

    @torch.inference_mode()
    def encode(self, requests: Sequence[str], users: Sequence[str] | None = None) -> np.ndarray:
        """f(user, request): (requests, dim) float32, for an `Index` over the vectors of items."""
        found: np.ndarray = self.f(written(requests, users)).float().cpu().numpy()
        return found

    def with_items(self, cards: Cards, progress: bool = False) -> Distilled:
        """The same for another catalogue, such as one with new items."""
        return Distilled(self.f, self.g, item_table(self.g, cards, progress=progress), self.offset, cards.items)


@torch.inference_mode()
def item_table(tower: Tower, cards: Cards, base: VectorTable | None = None, progress: bool = False) -> VectorTable:
    """g of all items with a text, as a table. base: the frozen encoder's vectors of them, where they are at hand."""
    if tower.body is None:
        base = encoded_cards(tower.encoder, cards, progress) if base is None else base
        device = tower.linear.weight.device
        ids, words = list(base.ids), tower.words(cards.subset(base.ids).texts()) if tower.bag else None
        vectors = tower.head(torch.from_numpy(base.vectors).to(device), words).cpu().numpy()
    else:
        told = [(item, text) for item, text in zip(cards.items, cards.texts(), strict=True) if text]
        ids, texts = [item for item, _ in told], [text for _, text in told]
        vectors = torch.cat([tower(texts[at : at + 64]) for at in range(0, len(texts), 64)]).cpu().numpy()
    made = {"by": "requests", "encoder": tower.encoder.name, "tuned": tower.tuned}
    space = EmbeddingSpace.fit("request-items", vectors, "dot", made, tower.fingerprint)
    return VectorTable(list(ids), vectors, space)
