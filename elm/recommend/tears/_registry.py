"""TEARS, GERS and their controls by name: "tears-recvae", "tears-base", "gers-recvae", "gers-base", "tuned-recvae"."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from elm._errors import CallError, UnknownNameError
from elm.data import Dataset
from elm.embeddings import SentenceEncoder
from elm.recommend._held_out import seeded
from elm.recommend._scores import evaluate_profiles
from elm.recommend.backbones._autoencoder import Autoencoder, Backbone
from elm.recommend.backbones._registry import AUTOENCODERS, fit_backbone, make_autoencoder
from elm.recommend.benchmark._split import RecommendationSplit
from elm.recommend.stance._shipped import reader_for
from elm.recommend.tears._beside import TextBeside
from elm.recommend.tears._controls import OTHER, PERMUTED, others_texts, parted_name, parted_scorer
from elm.recommend.tears._genre_encoder import GenreEncoder
from elm.recommend.tears._known_texts import KnownTexts
from elm.recommend.tears._lora_text_encoder import LoraTextEncoder
from elm.recommend.tears._loss import BASE, TearsTraining
from elm.recommend.tears._recommender import Recommender
from elm.recommend.tears._stance_text_encoder import StanceTextEncoder
from elm.recommend.tears._text_encoder import SentenceVectors, TextEncoder, TextHeadConfig, encoded_size
from elm.recommend.tears._text_split import Style, TextSplit, text_split
from elm.recommend.tears._training import TearsRun, train_tears
from elm.recommend.tears._wish_views import joined_views, wish_views

TEXT_MODELS = (
    "tears-base",
    "gers-base",
    *(f"{kind}-{name}" for kind in ("tears", "gers", "tuned") for name in AUTOENCODERS),
)
"""The names that `fit_text_model` knows: TEARS and GERS on a backbone or without one, and `tuned`: a backbone whose
decoder is trained on for as long without any text, the control that TEARS has to beat."""

ALPHAS = tuple(round(0.1 * step, 1) for step in range(11))
"""The mixtures that are tried on validation users."""

DEFAULTS: Mapping[str, Any] = {
    "transport": 0.5,
    "patience": 60,
    "per_user": 4,
    "view_weight": 4.0,
    "wishes": 0,
    "stance": False,
}
"""Where nothing else is said; chosen on validation users of MovieLens 100K. Epochs: as many as 45,000 users make, 12 to
60. `decoder_rate`: 0.15 over the number of training users, at most 0.0002: a backbone that was trained on more users
has more to lose."""

_OWN = {"per_user", "hidden", "dropout", "lora_rank", "wishes", "stance", "permuted"}


def fit_text_model(
    name: str,
    texts: TextSplit,
    *,
    seed: int = 0,
    backbone: Autoencoder | None = None,
    encoder: SentenceVectors | TextEncoder | None = None,
    device: str = "cpu",
    progress: bool = False,
    **settings: Any,
) -> Recommender:
    """Train a model on a split's training users; its validation users stop the training.

    Args:
        name: one of `TEXT_MODELS`.
        backbone: the trained backbone (default: `fit_backbone` makes it with the same seed); of a base an untrained
            one, whose decoder and latent space it takes (default: Multi-VAE).
        encoder: the sentence encoder (default: all-MiniLM-L6-v2), which stays frozen unless `lora_rank` is given; or a
            text side that is trained already.
        settings: fields of `TearsTraining`; `per_user`, how many views a training user gives; `hidden` and `dropout` of
            the text side; `lora_rank` above 0 tunes the sentence encoder, too; `stance`: whether likes and dislikes are
            read by two heads (`StanceTextEncoder`); `wishes`: how many views in free words a training user gives;
            `permuted`: every user, of validation too, and every view gets another's text, for a control.

    Raises `UnknownNameError` for another name, `CallError` for a setting that is not known.
    """
    if name not in TEXT_MODELS:
        raise UnknownNameError("text model", name, TEXT_MODELS)
    kind, _, own = name.partition("-")
    fields = {field.name for field in dataclasses.fields(TearsTraining)}
    odd = sorted(set(settings) - fields - _OWN)
    if odd:
        raise CallError(f"{name} has no setting {odd[0]!r}; it has {', '.join(sorted(fields))}, per_user and others")
    train, validation = texts.split.train(), texts.held_out("validation", shares=kind == "gers")
    epochs = min(max(45_000 // train.shape[0], 12), 60)
    given = {
        "epochs": epochs,
        "decoder_rate": min(2e-4, 0.15 / train.shape[0]),
        **DEFAULTS,
        **_of_kind(kind, own),
        **settings,
    }
    options = TearsTraining(**{key: value for key, value in given.items() if key in fields})
    if own == "base":
        backbone = backbone or make_autoencoder("multi-vae", *train.shape, seed=seed).to(device)
    elif backbone is None:
        made = fit_backbone(own, train, validation, seed=seed, device=device, progress=progress)
        assert isinstance(made, Autoencoder)
        backbone = made
    shape = {key: given[key] for key in ("hidden", "dropout") if key in given}
    side: Any
    if kind == "gers":
        side = GenreEncoder(texts.kinds, backbone.latent, **shape)
    else:
        side = encoder or SentenceEncoder(device=device)
        if given.get("lora_rank"):
            if isinstance(side, TextEncoder):
                raise CallError(
                    "lora_rank makes a text side from a sentence encoder, and encoder is a text side already"
                )
            head = TextHeadConfig(side.dim, backbone.latent, **shape)
            side = LoraTextEncoder(side, head, rank=given["lora_rank"], seed=seed)
        elif given["stance"] and not isinstance(side, TextEncoder):
            with seeded(seed):
                head = TextHeadConfig(encoded_size(side), backbone.latent, **shape)
                side = StanceTextEncoder(side, head, reader_for(side))
    views = texts.views(given["per_user"], seed, shares=kind == "gers")
    if kind == "tears" and given["wishes"]:
        views = joined_views(views, wish_views(train, texts.things(), given["wishes"], seed))
    said: Any = texts.shares("train") if kind == "gers" else texts.texts["train"]
    if given.get("permuted"):
        said = others_texts(said, seed)
        validation = dataclasses.replace(validation, profiles=others_texts(validation.profiles, seed))
        views = None if views is None else views._replace(profiles=others_texts(views.profiles, seed))
    model, _ = train_tears(
        backbone,
        side,
        train,
        said,
        validation,
        options,
        views=views,
        run=TearsRun(seed=seed, device=device, progress=progress, **shape),
    )
    titles = texts.dataset.items["title"].reindex(texts.split.items).tolist()
    known = KnownTexts.fit(model.text, texts.texts["validation"], texts.kinds)
    return Recommender(model, texts.split.items, titles, known)


def _of_kind(kind: str, own: str) -> dict[str, Any]:
    """What makes a model one without a backbone, or without texts."""
    if own == "base":
        return {name: getattr(BASE, name) for name in ("likelihoods", "transport", "decoder_rate")}
    if kind == "tuned":
        return {"likelihoods": ("history",), "transport": 0.0, "kl": 0.0, "per_user": 0, "stance": False}
    return {}


@dataclasses.dataclass
class WithTexts:
    """A model of texts among models of histories: ranks one part's users, whose profiles it holds, at one alpha."""

    recommender: Recommender | TextBeside
    profiles: Any
    alpha: float

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Scores (users, items) of the part's users, in their order; items of the history are -inf."""
        return self.recommender.scores(histories, self.profiles, self.alpha)


def best_alpha(name: str, recommender: Recommender | TextBeside, texts: TextSplit, k: int = 20) -> float:
    """The mixture with the best NDCG@k on validation users, by cross-validation over them.

    Each tenth of the users is left out once and the best of `ALPHAS` taken on the others; their mean, so that few users
    do not decide it. 1 without a backbone, 0 for one of histories alone.
    """
    if name.endswith("-base"):
        return 1.0
    if name.startswith("tuned-"):
        return 0.0
    held = texts.held_out("validation", shares=name.startswith("gers-"))
    found = np.stack(
        [evaluate_profiles(recommender, held.inputs, held.profiles, held.targets, alpha, k) for alpha in ALPHAS]
    )
    return cross_validated(found[:, ~np.isnan(found[0])])


def cross_validated(found: np.ndarray, folds: int = 10) -> float:
    """The mean of the alphas that are best without each fold of users; found: (`ALPHAS`, users) figures.

    >>> cross_validated(np.eye(11)[:, [3, 3, 5, 3]])
    0.3
    """
    fold = np.arange(found.shape[1]) % max(min(folds, found.shape[1]), 1)
    kept = [found[:, fold != left] for left in range(int(fold.max(initial=0)) + 1)]
    best = [ALPHAS[int(np.argmax(some.mean(axis=1)))] for some in kept if some.shape[1]]
    return round(float(np.mean(best)), 2) if best else ALPHAS[int(np.argmax(found.mean(axis=1)))]


class TextModels:
    """Makes text models for a comparison: the texts of a split and its backbones are made once and shared.

    settings: of training, by model. Those of a backbone hold under every text model that stands on it, those of
        "tears-recvae" for "tears-recvae@1" as well.
    half: backbones compute in bfloat16.
    written: user -> text from another writer, in place of the template's (`text_split`); views stay the template's.
    style: of the template's texts, "parts" or "prose" (`text_split`).
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        half: bool = False,
        written: Mapping[str, str] | None = None,
        style: Style | None = None,
        device: str = "cpu",
        progress: bool = False,
    ) -> None:
        self.dataset, self.written, self.device, self.progress = dataset, written, device, progress
        self.settings, self.half, self.style = settings or {}, half, style
        self._texts: tuple[RecommendationSplit, TextSplit] | None = None
        self._backbones: dict[tuple[str, int], Backbone] = {}
        self._fitted: dict[tuple[str, int, str], Recommender] = {}
        self._encoder: SentenceEncoder | None = None

    def texts(self, split: RecommendationSplit) -> TextSplit:
        """The split with its texts."""
        if self._texts is None or self._texts[0] is not split:
            self._texts = split, text_split(self.dataset, split, texts=self.written, style=self.style)
            self._backbones.clear()
            self._fitted.clear()
        return self._texts[1]

    def backbone(self, name: str, split: RecommendationSplit, seed: int) -> Autoencoder:
        """An autoencoder of this split and seed, trained at the first call."""
        made = self.scorer(name, split, seed)
        assert isinstance(made, Autoencoder)
        return made

    def scorer(self, name: str, split: RecommendationSplit, seed: int) -> Backbone:
        """A model of histories of any kind, for this split and seed; trained at the first call."""
        self.texts(split)
        if (name, seed) not in self._backbones:
            half = {"half": True} if self.half and name in AUTOENCODERS else {}
            self._backbones[name, seed] = fit_backbone(
                name,
                split.train(),
                split.held_out("validation"),
                seed=seed,
                device=self.device,
                progress=self.progress,
                **{**self.settings.get(name, {}), **half},
            )
        return self._backbones[name, seed]

    def fit(self, name: str, split: RecommendationSplit, seed: int, **settings: Any) -> Recommender:
        """A text model, on the backbone that others of this split and seed stand on."""
        settings = {**self.settings.get(name, {}), **settings}
        own, key = name.partition("-")[2], (name, seed, repr(sorted(settings.items())))
        texts = self.texts(split)
        if key not in self._fitted:
            self._encoder = self._encoder or SentenceEncoder(device=self.device)
            backbone = self.backbone(own, split, seed) if own in AUTOENCODERS else None
            self._fitted[key] = fit_text_model(
                name,
                texts,
                seed=seed,
                backbone=backbone,
                encoder=self._encoder,
                device=self.device,
                progress=self.progress,
                **settings,
            )
        return self._fitted[key]

    def ranked(self, name: str, split: RecommendationSplit, seed: int, **settings: Any) -> WithTexts:
        """A text model that ranks the test users, at the alpha that is best on the validation users.

        "tears-recvae@1" ranks at alpha 1 instead; "@other" and "@permuted" are controls, see `with_controls`. In
        "ease+tears-recvae" EASE ranks the history and TEARS the text (`TextBeside`). Raises `CallError` for an alpha
        that the model cannot rank at.
        """
        plain, alpha = parted_name(name)
        scorer, plain = parted_scorer(plain)
        if alpha == PERMUTED:
            settings = {**settings, "permuted": True}
        texts = self.texts(split)
        text = self.fit(plain, split, seed, **settings)
        recommender: Recommender | TextBeside = text
        if scorer:
            recommender = TextBeside(self.scorer(scorer, split, seed), text)
            plain = scorer  # whose ranks stand for the history, whatever the text model has of its own
        profiles: Any = texts.shares("test") if plain.startswith("gers-") else texts.texts["test"]
        if alpha == OTHER:
            profiles = others_texts(profiles, seed)
        used = alpha if isinstance(alpha, float) else best_alpha(plain, recommender, texts)
        return WithTexts(recommender, profiles, used)

    def makers(self, names: Sequence[str]) -> dict[str, Callable[..., Backbone]]:
        """What `bench_models` takes as `others`: the text models among these names, and the backbones beside them.

        Raises `CallError` for a name with an alpha that the model cannot rank at, such as "tears-recvae@2".
        """
        own: dict[str, Callable[..., Backbone]] = {
            name: partial(self.ranked, name) for name in names if parted_scorer(parted_name(name)[0])[1] in TEXT_MODELS
        }

        def made(name: str, split: RecommendationSplit, seed: int, **known: Any) -> Backbone:
            return self.backbone(name, split, seed)  # whose settings are known here, too

        return own | {name: partial(made, name) for name in names if own and name in AUTOENCODERS}
