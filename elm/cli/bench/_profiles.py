"""`elm bench profiles`: a study of readers: which of two profiles belongs to a list of liked items?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from elm.cli import _options as options
from elm.cli.bench._recommend import chosen_thresholds

if TYPE_CHECKING:
    from elm.data import Dataset


def profiles(
    dataset: options.DataName,
    folder: options.DataFolder = None,
    texts: Annotated[
        list[Path] | None, typer.Option(help="JSON of texts from another writer, user id -> text; may be repeated.")
    ] = None,
    judge: Annotated[
        str, typer.Option(help="words (BM25), encoder (sentence vectors), or the name of a chat model.")
    ] = "encoder",
    endpoint: options.Endpoint = None,
    cache: Annotated[Path | None, typer.Option(help="Keep a chat model's answers here.")] = None,
    part: Annotated[str, typer.Option(help="Whose lists are judged: validation or test users.")] = "validation",
    random_order: options.RandomOrder = False,
    user_ratings: options.UserRatings = None,
    item_ratings: options.ItemRatings = None,
    seed: options.Seed = 0,
    quiet: options.Quiet = False,
    json_mode: options.Json = False,
) -> None:
    """How often a reader gives a list of held-out liked items to the right one of two profiles.

    Profiles are written from a user's inputs alone; the list is what the user went on to like. Beside the writers
    stands a control with wrong profiles, which should be near a half (docs/summaries.md).

    Example: elm bench profiles demo --judge words
    """
    from elm._errors import CallError
    from elm.cli._output import echo, emit, table
    from elm.data import load
    from elm.evaluation import reader_study
    from elm.recommend import split_dataset
    from elm.runs import file_summaries, text_split

    if part not in ("validation", "test"):
        raise CallError(f"--part is validation or test, got {part!r}")
    side: Literal["validation", "test"] = "test" if part == "test" else "validation"
    data = load(dataset, folder, seed)
    limits = chosen_thresholds(data, None, user_ratings, item_ratings)
    split = split_dataset(data, "paper", seed, limits, "random" if random_order else "time")
    users = split.users(side)
    made = {style: text_split(data, split, style=style).texts[side] for style in ("prose", "parts")}
    writers = {style: dict(zip(users, said, strict=True)) for style, said in made.items()}
    writers |= {path.name: file_summaries(path) for path in texts or []}
    targets = split.held_out(side).targets
    liked = {user: targets[[row]].indices.tolist() for row, user in enumerate(users)}
    cards, labels = _cards(data, split.items)
    if judge not in ("words", "encoder"):
        client: Any = options.asked_model(judge, endpoint, cache)
        rows = reader_study(writers, liked, _chat(client, seed), labels, seed)
    else:
        rows = reader_study(writers, liked, _ranker(judge, cards), labels, seed)
    value = {"dataset": data.name, "part": side, "judge": judge, "rows": rows}

    def show() -> None:
        cells = [
            [name, row["right"], f"{row['interval'][0]:.2f} to {row['interval'][1]:.2f}", row["n"]]
            for name, row in rows.items()
        ]
        table(
            ["profiles", "right", "95 %", "users"], cells, f"{data.name}: lists given to the right profile", words=(0,)
        )
        echo("chance: 0.50")

    emit(value, json_mode, show)


def _cards(data: Dataset, items: list[str]) -> tuple[list[str], list[str]]:
    """All that is said about each item as one text, and what it is called."""
    from elm.tasks import domain_named, domain_of, item_briefs

    words = domain_named(domain_of(data))
    briefs = item_briefs(data, data.sources, domain=words.name)
    told = [briefs[item] for item in items]
    kinds = [", ".join(words.trait(kind) for kind in brief.kinds) for brief in told]
    labels = [f"{brief.label} ({kind})" if kind else brief.label for brief, kind in zip(told, kinds, strict=True)]
    plural = [" ".join(map(words.things, brief.kinds)) for brief in told]
    cards = [f"{name}. {more}. {' '.join(b.texts)}" for name, more, b in zip(labels, plural, told, strict=True)]
    return cards, labels


def _ranker(judge: str, cards: list[str]) -> Any:
    from elm.evaluation import BM25Ranker, ZeroShotRanker

    if judge == "words":
        return BM25Ranker(cards)
    from elm.embeddings import SentenceEncoder

    encoder = SentenceEncoder()
    return ZeroShotRanker(encoder, encoder.encode(cards))


def _chat(client: Any, seed: int) -> Any:
    from elm.chat import Asking, ChatJudge

    return ChatJudge(client, asking=Asking(temperature=0.0), seed=seed)
