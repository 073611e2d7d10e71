"""Training of TEARS: three likelihoods, optimal transport and KL, early stopping on unseen users (Section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy import sparse
from tqdm import tqdm

from elm._errors import CallError
from elm.recommend._held_out import Best, HeldOut, ndcg_at, seeded
from elm.recommend._ratings import as_ratings, masked, ordered_batches, positives, shuffled_batches
from elm.recommend.backbones._autoencoder import Autoencoder
from elm.recommend.backbones._gaussian import annealed
from elm.recommend.backbones._sparse_rows import as_rows
from elm.recommend.tears._loss import TearsTraining, tears_loss
from elm.recommend.tears._model import Tears
from elm.recommend.tears._text_encoder import PieceTextEncoder, SentenceVectors, TextEncoder, TextHeadConfig


class Views(NamedTuple):
    """Tastes that no single training user has: targets (views, items) of ones, and a text a view (or shares of genres).

    The text alone learns from them, so that it is followed where it says what few users are like.
    """

    targets: sparse.csr_matrix
    profiles: Any


@dataclass(frozen=True)
class TearsRun:
    """How `train_tears` is run. hidden, dropout: of the fresh head that a sentence encoder gets."""

    hidden: int = 256
    dropout: float = 0.2
    seed: int = 0
    device: str = "cpu"
    progress: bool = False


def train_tears(
    vae: Autoencoder,
    encoder: SentenceVectors | TextEncoder,
    histories: sparse.csr_matrix,
    profiles: Sequence[str] | np.ndarray,
    validation: HeldOut,
    options: TearsTraining | None = None,
    views: Views | None = None,
    run: TearsRun | None = None,
) -> tuple[Tears, list[dict[str, float]]]:
    """Align a text encoder with `vae` and keep the epoch with the best mean validation NDCG@k of what is learned from.

    Args:
        vae: the trained backbone; its encoder stays frozen, a copy of its decoder is trained on. For TEARS Base
            (`options` without histories) an untrained one: its decoder alone is used.
        encoder: a frozen sentence encoder, which gets a fresh head, or a whole text encoder, such
            as `LoraTextEncoder(encoder, TextHeadConfig(encoder.dim, vae.latent), rank=8)`, tuned end to end, a trained
            one to go on with (Appendix L.3), or a `GenreEncoder`, which makes GERS.
        histories: (users, items) raw ratings of the training users; profiles: a text per user, same order (GERS: shares
            (users, genres)).
        validation: other users, with profiles written from their inputs alone.
        views: more texts and what fits them; every step takes its part of them beside a batch of users.

    Returns:
        The model in evaluation mode, and one record an epoch (`epoch`, `loss`, `ndcg` and, of the three decodings,
        `ndcg_text`, `ndcg_history`, `ndcg_mixture`).
    """
    options, how = options or TearsTraining(), run or TearsRun()
    histories = as_ratings(histories, "histories")
    if len(profiles) != histories.shape[0] or not len(profiles):
        raise CallError(f"one profile per user: {histories.shape[0]} users, {len(profiles)} profiles")
    if validation.profiles is None:
        raise CallError("validation users need profiles; pass HeldOut(inputs, targets, profiles)")
    validation.check(vae.items)
    if views is not None and (views.targets.shape != (len(views.profiles), vae.items) or not len(views.profiles)):
        raise CallError(
            f"views need one profile each and {vae.items} items, got {views.targets.shape} and {len(views.profiles)}"
        )
    rng = np.random.default_rng(how.seed)
    with seeded(how.seed):
        if not isinstance(encoder, TextEncoder):
            dim = np.asarray(encoder.encode([profiles[0]])).shape[1]
            encoder = PieceTextEncoder(encoder, TextHeadConfig(dim, vae.latent, how.hidden, how.dropout))
        model = Tears(vae, encoder, options.pooling, options.history).to(how.device)
        model.vae.encoder.requires_grad_(options.train_history)
        prepared, held_out = model.text.prepare(profiles), model.text.prepare(validation.profiles)
        model.text.fit_scale(prepared)
        optimizer = _optimizer(model, options)
        users = _Examples(histories, prepared)
        others, kept = _views(model, views)
        best, log = Best(model, options.patience), []
        bar = tqdm(range(options.epochs), desc="TEARS", disable=not how.progress, leave=False)
        for epoch in bar:
            loss = _epoch(model, optimizer, users, others, options, rng, epoch)
            log.append({"epoch": epoch, "loss": loss, **_validate(model, validation, held_out, kept, options)})
            bar.set_postfix(loss=f"{loss:.1f}", ndcg=f"{log[-1]['ndcg']:.3f}")
            if best.update(log[-1]["ndcg"], epoch):
                break
        best.restore()
    return model.eval(), log


class _Examples(NamedTuple):
    """What an epoch goes through: rows (n, items), and the profiles as the text side prepared them."""

    rows: sparse.csr_matrix
    prepared: Any

    def __len__(self) -> int:
        return int(self.rows.shape[0])


def _optimizer(model: Tears, options: TearsTraining) -> torch.optim.Optimizer:
    """What learns, each at its own rate; what is not to learn is frozen."""
    tuned = model.text.tuned()
    if not options.train_text:
        model.text.requires_grad_(False)
    old = [*model.vae.decoder.parameters(), *model.vae.encoder.parameters()]
    known = {id(p) for p in (*tuned, *old)}
    fresh = [p for p in model.parameters() if id(p) not in known]
    rates = ((fresh, options.learning_rate), (old, options.decoder_rate), (tuned, options.lora_rate))
    learning = [({"params": [p for p in some if p.requires_grad], "lr": rate}) for some, rate in rates]
    return torch.optim.AdamW([group for group in learning if group["params"]], weight_decay=options.weight_decay)


def _epoch(
    model: Tears,
    optimizer: torch.optim.Optimizer,
    users: _Examples,
    views: _Examples | None,
    options: TearsTraining,
    rng: np.random.Generator,
    epoch: int,
) -> float:
    """One pass over the training users, and beside them over the views; the mean loss a user."""
    model.train()
    device = next(model.parameters()).device
    kl_weight = annealed(options.kl, epoch, options.anneal_epochs)
    total = 0.0
    beside = _parts(views, -(-len(users) // options.batch), rng)
    for chosen, seen in zip(shuffled_batches(len(users), options.batch, rng), beside, strict=True):
        rows = users.rows[chosen]
        history = model.vae.encode(as_rows(rows, device)) if model.history else None
        text = model.text(model.text.take(users.prepared, chosen))
        loss = tears_loss(model, history, text, as_rows(positives(rows), device), options, kl_weight)
        total += loss.item() * len(chosen)
        if views is not None:
            said = model.text(model.text.take(views.prepared, seen))
            own = tears_loss(model, None, said, as_rows(views.rows[seen], device), options, kl_weight)
            loss = loss + options.view_weight * own * len(seen) / len(chosen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return total / len(users)


def _views(model: Tears, views: Views | None) -> tuple[_Examples | None, _Examples | None]:
    """The views that are learned from, and a tenth, at most 500, that tell how well the text is followed."""
    if views is None:
        return None, None
    rows, prepared = as_ratings(views.targets, "views"), model.text.prepare(views.profiles)
    kept = np.arange(rows.shape[0]) < min(500, rows.shape[0] // 10)
    parts = [np.flatnonzero(some) for some in (~kept, kept)]
    learned, told = (_Examples(rows[some], model.text.take(prepared, some)) if len(some) else None for some in parts)
    return learned, told


def _parts(views: _Examples | None, steps: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The views in as many parts as an epoch has steps."""
    order = rng.permutation(0 if views is None else len(views))
    yield from np.array_split(order, steps)


@torch.no_grad()
def _validate(
    model: Tears, validation: HeldOut, prepared: Any, views: _Examples | None, options: TearsTraining
) -> dict[str, float]:
    """Validation NDCG@k of each decoding and of views, and the mean of those that are learned from."""
    model.eval()
    device = next(model.parameters()).device
    weights = {"ndcg_history": 0.0, "ndcg_mixture": options.alpha, "ndcg_text": 1.0}
    if not model.history:
        weights = {"ndcg_text": 1.0}
    found: dict[str, list[np.ndarray]] = {name: [] for name in weights}
    for users in ordered_batches(validation.inputs.shape[0], 512):
        inputs = validation.inputs[users]
        text = model.text(model.text.take(prepared, users)).mu
        history = model.vae.encode(as_rows(inputs, device)).mu if model.history else text
        for name, alpha in weights.items():
            scores = masked(model.vae.decode(model.mixture(text, history, alpha)).cpu().numpy(), inputs)
            found[name].append(ndcg_at(scores, validation.targets[users], options.k))
    means = {name: float(np.nanmean(np.concatenate(values))) for name, values in found.items()}
    counted = [means[f"ndcg_{name}"] for name in options.likelihoods]
    if views is not None:
        z = model.vae.place(model.text(views.prepared).mu)
        means["ndcg_views"] = float(np.mean(ndcg_at(model.vae.decode(z).cpu().numpy(), views.rows, options.k)))
        counted.append(means["ndcg_views"])
    return {"ndcg": float(np.mean(counted)), **means}
