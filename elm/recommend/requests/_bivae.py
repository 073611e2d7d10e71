"""BiVAE (Truong et al. 2021), the engagement model of the CTRL-Rec paper, through cornac (extra `cornac`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from elm._errors import CallError
from elm.recommend._ratings import as_histories, as_ratings, masked


class BiVAERanker:
    """Ranks for the users that it was trained on; it knows no others, so it is for the benchmark of the paper."""

    def __init__(self, scores: np.ndarray, ratings: sparse.csr_matrix) -> None:
        """scores: (users, items) of the training users. ratings: theirs, to know them by."""
        self.items, self._scores, self._ratings = scores.shape[1], scores, ratings

    @classmethod
    def fit(
        cls, ratings: sparse.csr_matrix, factors: int = 50, epochs: int = 100, batch: int = 128, seed: int = 0
    ) -> BiVAERanker:
        """Train on raw ratings (users, items), with the settings that the recommenders repository of Microsoft gives.

        Raises `CallError` where cornac is not installed, or there is no rating.
        """
        try:
            import cornac
        except ImportError as error:
            raise CallError("BiVAE is cornac's: pip install 'elm-toolkit[cornac]'") from error
        table = as_ratings(ratings)
        if table.nnz == 0:
            raise CallError(f"BiVAE needs at least one rating, got a matrix of shape {table.shape}")
        cells = table.tocoo()
        triples = [(str(u), str(i), float(r)) for u, i, r in zip(cells.row, cells.col, cells.data, strict=True)]
        known: Any = cornac.data.Dataset.from_uir(triples, seed=seed)
        model = cornac.models.BiVAECF(
            k=factors,
            encoder_structure=[100],
            act_fn="tanh",
            likelihood="pois",
            n_epochs=epochs,
            batch_size=batch,
            learning_rate=0.001,
            seed=seed,
            use_gpu=False,
            verbose=False,
        )
        model.fit(known)
        scores = np.zeros(table.shape, dtype=np.float32)
        columns = np.array([int(item) for item in known.item_ids])
        for user, place in known.uid_map.items():
            found = np.asarray(model.score(place), dtype=np.float32)
            scores[int(user), columns] = found[: len(columns)]
        return cls(scores, table)

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """(users, items) float32, items of the history -inf; `CallError` for other users than those of training."""
        rows = as_histories(histories, self.items)
        if rows.shape != self._ratings.shape or abs(rows - self._ratings).nnz:
            raise CallError("BiVAE knows the users that it was trained on alone; pass the training ratings")
        return masked(self._scores.copy(), rows)
