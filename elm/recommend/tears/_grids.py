"""The settings that TEARS and its backbones are tuned over in the paper (Appendix C), as data."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from elm._errors import UnknownNameError
from elm.recommend.backbones._autoencoder_spec import DROPOUTS
from elm.recommend.backbones._registry import BACKBONES

TUNING: Mapping[str, Mapping[str, Sequence[float]]] = {
    **{name: spec.grid for name, spec in BACKBONES.items() if spec.grid},
    "tears": {"dropout": DROPOUTS, "learning_rate": (1e-3, 1e-4), "transport": (0.1, 0.5, 1.0)},
    "tears-base": {"dropout": DROPOUTS, "learning_rate": (1e-3, 1e-4)},
}
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
