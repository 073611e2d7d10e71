"""Algorithm 1 of LangPTune: rounds in which the decoder learns from profiles, and the encoder from the decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from elm._errors import CallError, UnknownNameError
from elm.recommend.langptune._contrastive import ContrastiveTraining, train_decoder
from elm.recommend.langptune._decoder import ProfileRecommender
from elm.recommend.langptune._decoder_store import keep_decoder, take_decoder
from elm.recommend.langptune._ranks import list_measures
from elm.recommend.langptune._sessions import Sessions

Quality = Callable[[Sequence[int], Sequence[str]], Any]
"""(numbers of sessions, a profile of each) -> the ranking quality of each."""


class ProfileEncoder(Protocol):
    """What writes profiles of sessions, known by their numbers, and learns to write better ones."""

    def profiles(self, rows: Sequence[int], seed: int) -> list[str]:
        """A profile of each session, drawn by `seed`."""
        ...

    def tune(self, quality: Quality, rows: Sequence[int], number: int, progress: bool) -> Any:
        """T updates of RLSO on the sessions `rows` toward profiles of more quality; number: of the round."""
        ...


VARIANTS: dict[str, tuple[bool, bool]] = {
    "zero-shot": (False, False),
    "cl": (True, False),
    "rlso": (False, True),
    "both": (True, True),
}
"""The variants of Table 2: whether the decoder learns, and whether the encoder does."""


@dataclass(frozen=True)
class LangPTune:
    """variant: of `VARIANTS`. rounds: K. contrastive: J steps of each round. drawn: profiles of each session that the
    decoder learns from in a round. Raises `UnknownNameError` for another variant.
    """

    variant: str = "both"
    rounds: int = 2
    contrastive: ContrastiveTraining = field(default_factory=ContrastiveTraining)
    drawn: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise UnknownNameError("variant", self.variant, VARIANTS)
        if self.rounds < 1 or self.drawn < 1:
            raise CallError(f"LangPTune takes at least one round and one profile, got {self.rounds}, {self.drawn}")


def train_langptune(
    encoder: ProfileEncoder,
    decoder: ProfileRecommender,
    sessions: Sessions,
    options: LangPTune | None = None,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> list[dict[str, Any]]:
    """Train encoder and decoder in place, in turns, on the sessions of the part "train"; what each round did.

    The encoder's quality is that of its own sessions' lists under the decoder as it then is. folder: keeps the decoder
    of each round, so that an interrupted call goes on (the encoder keeps its own). Raises what both raise.
    """
    options = options or LangPTune()
    learns, tunes = VARIANTS[options.variant]
    rows, done = sessions.rows("train"), []

    def quality(of: Sequence[int], texts: Sequence[str]) -> Any:
        return decoder.quality(sessions.some(of), texts)

    for number in range(options.rounds):
        told: dict[str, Any] = {"round": number}
        if learns:
            told["contrastive"] = _decoder_round(encoder, decoder, sessions, options, number, folder, progress)
        if tunes:
            told["rlso"] = encoder.tune(quality, rows, number, progress)
        done.append(told)
    return done


def evaluate_profiler(
    encoder: ProfileEncoder, decoder: ProfileRecommender, sessions: Sessions, rows: Sequence[int], seed: int = 0
) -> tuple[dict[str, Any], list[str]]:
    """Measures of `list_measures`, a value a session of `rows`, and the profiles that they come from."""
    profiles = encoder.profiles(rows, seed)
    return list_measures(decoder.ranks(sessions.some(rows), profiles)), profiles


def _decoder_round(
    encoder: ProfileEncoder,
    decoder: ProfileRecommender,
    sessions: Sessions,
    options: LangPTune,
    number: int,
    folder: Path | None,
    progress: bool,
) -> list[float]:
    """J steps of contrastive learning on profiles of this round's encoder, read back where they were done before."""
    kept = folder / f"decoder-{number}" if folder else None
    settings = {**asdict(options.contrastive), "seed": options.seed, "drawn": options.drawn, "sessions": len(sessions)}
    if kept is not None and kept.is_dir():
        take_decoder(decoder, kept, settings)
        return []
    rows = sessions.rows("train")
    drawn = [encoder.profiles(rows, options.seed + 1000 * number + draw) for draw in range(options.drawn)]
    rng = np.random.default_rng([options.seed, number])

    def profiles(places: Sequence[int]) -> list[str]:
        return [drawn[rng.integers(options.drawn)][place] for place in places]

    losses = train_decoder(decoder, sessions.some(rows), profiles, options.contrastive, progress)
    if kept is not None:
        keep_decoder(decoder, kept, settings)
    return losses
