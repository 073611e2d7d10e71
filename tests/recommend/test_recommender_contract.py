"""What holds for every recommender: TEARS with a frozen and a tuned encoder, TEARS Base, GERS, each backbone,
and two of them under requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from taste_groups import ITEMS, TEXTS, HashedWords, World
from tiny_encoder import save_tiny_encoder

from elm._errors import CallError, CheckpointError, UnknownNameError
from elm._storage.files import sha256
from elm.embeddings import SentenceEncoder
from elm.recommend import (
    AUTOENCODERS,
    BASE,
    MODELS,
    AnyRecommender,
    BackboneRecommender,
    Card,
    Cards,
    FactJudge,
    GenreEncoder,
    HeldOut,
    LoraTextEncoder,
    Recommender,
    SteeredRecommender,
    Tears,
    TearsRun,
    TearsTraining,
    TextHeadConfig,
    fit_backbone,
    genre_shares,
    load,
    make_autoencoder,
    save_backbone,
    train_tears,
)
from elm.recommend._lists import list_diff

IDS, TITLES = [f"film{i:02d}" for i in range(ITEMS)], [f"Film {i}" for i in range(ITEMS)]
HISTORIES = [{"film01": 5.0, "film03": 4.0, "film22": 1.0}, {"film21": 5.0, "film30": 4.5}, {"film00": 3.0}]
GENRES = ["cats", "dogs"]
OF_ITEMS = [("cats",) if i < ITEMS // 2 else ("dogs",) for i in range(ITEMS)]
SMALL = {name: {"size": 8} if name == "macridvae" else {"hidden": 16, "latent": 8} for name in AUTOENCODERS}
WORDS = ["likes", "dislikes", "comedy", "horror", "films", "watches", "at", "night"]


class Case(NamedTuple):
    """One of the family, made tiny. profiles: three users' in the form that it reads; none where it reads histories."""

    name: str
    made: Callable[[int], AnyRecommender]
    profiles: list[Any] | None = None
    encoder: Any = None


def scores(rec: AnyRecommender, case: Case, users: slice = slice(None)) -> np.ndarray:
    """Of some of the users, by history and profile."""
    table = np.zeros((len(HISTORIES), ITEMS), np.float32)
    for user, history in enumerate(HISTORIES):
        for item, rating in history.items():
            table[user, IDS.index(item)] = rating
    return rec.scores(sparse.csr_matrix(table[users]), case.profiles and case.profiles[users], None)


TEXT_PROFILES = [*TEXTS, "Likes comedy films.\nLikes horror films."]
SHARES = [{"cats": 1.0}, {"dogs": 1.0}, {"cats": 0.5, "dogs": 0.5}]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    return SentenceEncoder(save_tiny_encoder(tmp_path_factory.mktemp("tiny"), WORDS))


def tears(world: World, encoder: Any, seed: int, base: bool = False) -> Recommender:
    vae = make_autoencoder("multi-vae", 120, ITEMS, seed=seed, hidden=16, latent=8)
    options = TearsTraining(**{**(vars(BASE) if base else {}), "epochs": 1, "batch": 40})
    made, _ = train_tears(
        vae, encoder, world.train, world.profiles, world.validation, options, run=TearsRun(hidden=8, seed=seed)
    )
    return Recommender(made, IDS, TITLES)


def gers(world: World, seed: int) -> Recommender:
    vae = make_autoencoder("recvae", 120, ITEMS, seed=seed, hidden=16, latent=8)
    torch.manual_seed(seed)
    side, held = GenreEncoder(GENRES, vae.latent, hidden=8), world.validation
    known = HeldOut(held.inputs, held.targets, genre_shares(held.inputs, OF_ITEMS, GENRES))
    shares = genre_shares(world.train, OF_ITEMS, GENRES)
    made, _ = train_tears(
        vae, side, world.train, shares, known, TearsTraining(epochs=1, batch=40), run=TearsRun(seed=seed)
    )
    return Recommender(made, IDS, TITLES)


def tuned(bert: SentenceEncoder, seed: int) -> Recommender:
    vae = make_autoencoder("macridvae", 120, ITEMS, seed=seed, size=4)
    text = LoraTextEncoder(bert, TextHeadConfig(bert.dim, vae.latent, hidden=8), rank=2, seed=seed)
    return Recommender(Tears(vae, text), IDS, TITLES)


def plain(world: World, name: str, seed: int) -> BackboneRecommender:
    settings: dict[str, Any] = {"wals": {"factors": 3}, "ease": {"penalty": 50.0}}.get(name, {})
    if name in AUTOENCODERS:
        settings = {**SMALL[name], "epochs": 1}
    model = fit_backbone(name, world.train, world.validation, seed=seed, **settings)
    return BackboneRecommender(model, IDS, TITLES)


def steered(base: AnyRecommender) -> SteeredRecommender:
    genres = ("Comedy", "War", "Horror")
    cards = [Card(title, (genres[place % 3],), texts=("At night.",)) for place, title in enumerate(TITLES)]
    return SteeredRecommender(base, FactJudge(Cards(IDS, cards)))


@pytest.fixture(params=["tears", "tears-base", "tears-lora", "gers", *MODELS, "steered-ease", "steered-tears"])
def case(request: pytest.FixtureRequest, world: World, bert: SentenceEncoder) -> Case:
    name, words = request.param, HashedWords()
    return {
        "tears": Case(name, lambda seed: tears(world, words, seed), TEXT_PROFILES, words),
        "tears-base": Case(name, lambda seed: tears(world, words, seed, base=True), TEXT_PROFILES, words),
        "tears-lora": Case(name, lambda seed: tuned(bert, seed), TEXT_PROFILES, bert),
        "gers": Case(name, lambda seed: gers(world, seed), SHARES),
        "steered-ease": Case(name, lambda seed: steered(plain(world, "ease", seed))),
        "steered-tears": Case(name, lambda seed: steered(tears(world, words, seed)), TEXT_PROFILES, words),
    }.get(name) or Case(name, lambda seed: plain(world, name, seed))


def listed(rec: AnyRecommender, case: Case, user: int, k: int) -> list[Any]:
    return rec.recommend(HISTORIES[user], case.profiles[user] if case.profiles else None, None, k)


def test_every_recommender_keeps_the_contract(case: Case, tmp_path: Path) -> None:
    rec = case.made(0)
    assert isinstance(rec, AnyRecommender)
    assert (list(rec.items), list(rec.titles)) == (IDS, TITLES)

    # one user alone is scored as among many
    many = scores(rec, case)
    assert many.shape == (len(HISTORIES), ITEMS)
    for user in range(len(HISTORIES)):
        alone = scores(rec, case, slice(user, user + 1))
        np.testing.assert_allclose(alone[0], many[user], rtol=1e-4, atol=1e-5)

    # lists are the scores in order, and what is known is never in them
    for user, history in enumerate(HISTORIES):
        places = listed(rec, case, user, ITEMS)
        assert {place.item for place in places} == set(IDS) - set(history)
        found = [place.score for place in places]
        assert found == sorted(found, reverse=True)
        np.testing.assert_allclose(found, [many[user, IDS.index(p.item)] for p in places], rtol=1e-4, atol=1e-5)
        assert all(place.title == TITLES[IDS.index(place.item)] for place in places)
        assert listed(rec, case, user, 5) == places[:5]

    # the same seed, the same model
    np.testing.assert_array_equal(scores(case.made(0), case), many)

    # what is saved comes back, of the same class, also over itself
    for _ in range(2):
        rec.save(tmp_path / "rec")
        again = load(tmp_path / "rec", case.encoder)
        assert type(again) is type(rec)
        assert (list(again.items), list(again.titles)) == (IDS, TITLES)
        np.testing.assert_array_equal(scores(again, case), many)
        rec = again

    # an edit's difference is that of the two lists: of the profile or, where none is read, of the history
    if case.profiles:
        before, after = (rec.recommend(profile=case.profiles[n], k=7) for n in (0, 1))
        edit = rec.diff(case.profiles[0], case.profiles[1], k=7)
    else:
        before, after = (rec.recommend(HISTORIES[n], k=7) for n in (0, 1))
        edit = rec.diff(HISTORIES[0], HISTORIES[1], k=7)
    assert edit == list_diff(before, after)


@pytest.mark.parametrize(
    ("history", "k", "error", "message"),
    [
        ({"film99": 5.0}, 5, UnknownNameError, "unknown item 'film99'"),
        ({"film01": 6.0}, 5, CallError, "above 0 and at most 5, got 6.0 for item 'film01'"),
        ({}, 5, CallError, "history holds no item"),
        ("film01", 5, CallError, "got one string"),
        (None, 5, CallError, "nothing to recommend from"),
        *((["film01"], k, CallError, "k must be a whole number between 1 and 40") for k in (0, 41, True, 2.5)),
    ],
)
def test_wrong_calls_are_told(case: Case, history: Any, k: Any, error: type[Exception], message: str) -> None:
    rec, profile = _made_once(case), case.profiles[0] if case.profiles and history is not None else None
    with pytest.raises(error, match=message):
        rec.recommend(history, profile, None, k)


_MADE: dict[str, AnyRecommender] = {}


def _made_once(case: Case) -> AnyRecommender:
    if case.name not in _MADE:
        _MADE[case.name] = case.made(0)
    return _MADE[case.name]


@pytest.mark.parametrize("name", MODELS)
def test_a_backbone_reads_no_profile(world: World, name: str) -> None:
    rec = plain(world, name, 0)
    for call in (lambda: rec.recommend(["film01"], TEXTS[0]), lambda: rec.scores(rec.rows([["film01"]]), [TEXTS[0]])):
        with pytest.raises(CallError, match="reads histories alone, got a profile"):
            call()
    with pytest.raises(CallError, match="between 0 and 1, got 2"):
        rec.recommend(["film01"], alpha=2)
    assert rec.recommend(["film01"], alpha=0.5) == rec.recommend(["film01"])


def test_ids_and_titles_must_be_those_of_the_model(world: World) -> None:
    model = plain(world, "popularity", 0).model
    with pytest.raises(CallError, match="ranks 40 items, got 3 ids and 3 titles"):
        BackboneRecommender(model, IDS[:3])
    with pytest.raises(CallError, match="ranks 40 items, got 40 ids and 2 titles"):
        BackboneRecommender(model, IDS, ["a", "b"])
    with pytest.raises(CallError, match="must be unique"):
        BackboneRecommender(model, ["a"] * ITEMS)


def rewritten(folder: Path, config: dict[str, Any]) -> None:
    config["files"] = {name: sha256(folder / name) for name in config["files"]}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("schema", [1, 2])
@pytest.mark.parametrize("name", ["tears", "tears-lora", "gers"])
def test_older_folders_of_tears_are_read_as_they_were(
    name: str, schema: int, world: World, bert: SentenceEncoder, tmp_path: Path
) -> None:
    """Their kind named the backbone and what is read; before schema 2 there was one pooling."""
    made = {"tears": lambda: tears(world, HashedWords(), 0), "tears-lora": lambda: tuned(bert, 0)}
    rec = made.get(name, lambda: gers(world, 0))()
    rec.save(tmp_path / "rec")
    config = json.loads((tmp_path / "rec" / "config.json").read_text())
    assert (config["schema"], config["kind"]) == (3, "tears")
    backbone, text = config.pop("backbone").replace("-", ""), config.pop("text")
    older = {**config, "schema": schema, "kind": f"tears-{backbone}{ {'frozen': ''}.get(text, '-' + text) }"}
    if schema == 1:
        del older["pooling"], older["history"]
    rewritten(tmp_path / "rec", older)
    again = load(tmp_path / "rec", {"tears": HashedWords(), "tears-lora": bert}.get(name))
    profiles = SHARES if name == "gers" else TEXT_PROFILES
    rows = rec.rows(HISTORIES)
    np.testing.assert_array_equal(again.scores(rows, profiles, 0.5), rec.scores(rows, profiles, 0.5))
    rewritten(tmp_path / "rec", {**older, "backbone": "multi-vae"})
    with pytest.raises(CheckpointError, match="must hold exactly"):
        load(tmp_path / "rec", HashedWords())


def test_older_folders_of_backbones_have_no_titles(world: World, tmp_path: Path) -> None:
    rec = plain(world, "ease", 0)
    folder = save_backbone(rec.model, IDS, tmp_path / "rec", TITLES)
    pd.DataFrame({"item": IDS}).to_parquet(folder / "items.parquet", index=False)
    config = json.loads((folder / "config.json").read_text())
    rewritten(folder, {**config, "schema": 1})
    again = load(folder)
    assert (list(again.items), list(again.titles)) == (IDS, IDS)
    rewritten(folder, config)  # which says that there are titles
    with pytest.raises(CheckpointError, match="must hold item, title and no others"):
        load(folder)


@pytest.mark.parametrize("kind", ["svd", ["ease"], None, 3])
def test_a_folder_of_another_kind_is_refused(kind: Any, world: World, tmp_path: Path) -> None:
    folder = save_backbone(plain(world, "popularity", 0).model, IDS, tmp_path / "rec")
    config = json.loads((folder / "config.json").read_text())
    rewritten(folder, {**config, "kind": kind})
    with pytest.raises(CheckpointError, match=r"has kind .*, this version reads popularity, .*, tears"):
        load(folder)
