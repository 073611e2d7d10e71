"""The settings that TEARS and its backbones are tuned over in the paper (Appendix C), as data."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from elm._errors import UnknownNameError

_RATES = (1e-3, 1e-4, 1e-5)
_DROPOUTS = (0.1, 0.2, 0.4)
_DECAYS = (0.0, 1e-5)

TUNING: Mapping[str, Mapping[str, Sequence[float]]] = {
    "multi-dae": {"dropout": _DROPOUTS, "learning_rate": _RATES},
    "multi-vae": {
        "dropout": _DROPOUTS, "learning_rate": _RATES, "beta": (0.1, 0.3, 0.5), "weight_decay": _DECAYS,
    },
    "recvae": {
        "dropout": _DROPOUTS, "learning_rate": _RATES, "beta": (0.0035, 0.004, 0.005), "weight_decay": _DECAYS,
    },
    "macridvae": {
        "dropout": _DROPOUTS, "learning_rate": _RATES, "concepts": (2, 4, 8, 16), "weight_decay": _DECAYS,
    },
    "ease": {"penalty": tuple(np.linspace(1, 10_000, 50).tolist())},
    "tears": {"dropout": _DROPOUTS, "learning_rate": (1e-3, 1e-4), "transport": (0.1, 0.5, 1.0)},
    "tears-base": {"dropout": _DROPOUTS, "learning_rate": (1e-3, 1e-4)},
}  # fmt: skip
"""Model -> setting -> the values tried. "beta" is the KL weight, RecVAE's gamma. All autoencoders train 200 epochs in
batches of 500 with Adam and keep the epoch with the best validation NDCG@50. "tears" is TEARS or GERS on any backbone,
in batches of 32 with AdamW."""


def tuning_grid(model: str) -> list[dict[str, float]]:
    """Every combination of the settings that the paper tries for a model: arguments of `fit_backbone`, of text models
    those of `elm.runs.fit_text_model`.

    >>> len(tuning_grid("multi-vae")), tuning_grid("ease")[1]
    (54, {'penalty': 205.0612244897959})
    """
    if model not in TUNING:
        raise UnknownNameError("tuned model", model, TUNING)
    names, values = zip(*TUNING[model].items(), strict=True)
    return [dict(zip(names, combination, strict=True)) for combination in itertools.product(*values)]
