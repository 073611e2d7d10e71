"""One call: profile, alpha, request, standing wishes and concepts over any recommender, explained and saved."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from taste_groups import ITEMS
from tiny_encoder import save_tiny_encoder

from elm._errors import CallError, CheckpointError, DataFileError, RequestWarning, UnknownNameError
from elm.embeddings import SentenceEncoder
from elm.recommend import (
    AnyRecommender,
    Asked,
    BackboneRecommender,
    Card,
    Cards,
    Distillation,
    EncoderValues,
    Engagement,
    FactJudge,
    RequestWriter,
    StandingWishes,
    SteeredRecommender,
    When,
    distil,
    fit_backbone,
    load,
    load_distilled,
    save_distilled,
)

IDS = [f"film{i:02d}" for i in range(ITEMS)]
GENRES = ["Comedy", "War", "Horror", "Romance"]
CARDS = Cards(
    IDS,
    [Card(f"Film {i}", (GENRES[i % 4],), texts=(f"{GENRES[i % 4].lower()} films at night",)) for i in range(ITEMS)],
)
HISTORY = {"film01": 5.0, "film03": 4.0}
NOON, NIGHT = datetime(2026, 11, 28, 12, 0), datetime(2026, 11, 28, 21, 30)


@pytest.fixture(scope="module")
def base(world) -> BackboneRecommender:
    return BackboneRecommender(fit_backbone("ease", world.train, world.validation, penalty=50.0), IDS)


@pytest.fixture(scope="module")
def rec(base: BackboneRecommender) -> SteeredRecommender:
    judge = FactJudge(CARDS)
    return SteeredRecommender(base, judge, concepts={"dark": judge.degrees("dark")})


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> SentenceEncoder:
    words = "comedy war horror romance romantic films at night no but not i want show me stories".split()
    return SentenceEncoder(save_tiny_encoder(tmp_path_factory.mktemp("tiny"), words))


def genres(places) -> list[str]:
    return [GENRES[int(place.item[4:]) % 4] for place in places]


def test_it_is_a_recommender_and_without_anything_asked_its_list_is_the_bases(rec, base) -> None:
    assert isinstance(rec, AnyRecommender)
    for w in (0.0, 0.8, 1.0):
        assert rec.recommend(HISTORY, k=10, w_control=w) == base.recommend(HISTORY, k=10)
    ids = [place.item for place in rec.recommend(HISTORY, request="comedies", w_control=0.0)]
    assert ids == [place.item for place in base.recommend(HISTORY)]


def test_a_request_bends_the_list_and_leaves_the_history_out(rec) -> None:
    found = rec.recommend(HISTORY, request="romantic films", k=5, w_control=1.0)
    assert genres(found) == ["Romance"] * 5
    assert not {place.item for place in found} & set(HISTORY)


def test_more_control_gives_more_of_what_is_asked_for(rec) -> None:
    shares = [genres(rec.recommend(HISTORY, request="war films", k=8, w_control=w)).count("War") for w in (0, 0.5, 1)]
    assert shares == sorted(shares)
    assert shares[-1] == 8


def test_standing_wishes_leave_out_and_hold_at_their_time(rec) -> None:
    wishes = StandingWishes(["never war films", "no horror after eight"])
    night = genres(rec.recommend(HISTORY, k=30, standing=wishes.at(NIGHT)))
    noon = genres(rec.recommend(HISTORY, k=30, standing=wishes.at(NOON)))
    assert not {"War", "Horror"} & set(night)
    assert "War" not in noon
    assert "Horror" in noon


def test_the_later_of_two_contradictory_wishes_wins_and_says_so(rec) -> None:
    with pytest.warns(RequestWarning, match=r"wish 2 .* wins over wish 1 .* in: War"):
        found = rec.recommend(HISTORY, k=5, standing=["never war films", "I always want war films"], w_control=1.0)
    assert genres(found) == ["War"] * 5
    with pytest.warns(RequestWarning, match="wins over"):
        found = rec.recommend(HISTORY, k=30, standing=["I always want war films", "never war films"])
    assert "War" not in genres(found)


def test_the_request_of_the_moment_wins_over_a_standing_wish(rec) -> None:
    with pytest.warns(RequestWarning, match="the request came later"):
        found = rec.recommend(HISTORY, k=5, request="war films", standing=["no war or horror"], w_control=1.0)
    assert genres(found) == ["War"] * 5
    with pytest.warns(RequestWarning):
        rest = rec.recommend(HISTORY, k=30, request="war films", standing=["no war or horror"], w_control=1.0)
    assert "Horror" not in genres(rest)


def test_a_concept_is_a_dial_with_two_ends(rec) -> None:
    first = genres(rec.recommend(HISTORY, k=5, concepts={"dark": 1.0}, w_control=1.0))
    last = genres(rec.recommend(HISTORY, k=5, concepts={"dark": -1.0}, w_control=1.0))
    assert set(first) == {"Horror"}
    assert "Horror" not in last


def test_all_parts_act_in_one_call_and_the_explanation_tells_them_apart(recommender) -> None:
    judge = FactJudge(CARDS)
    rec = SteeredRecommender(recommender, judge, concepts={"dark": judge.degrees("dark")})
    asked = Asked("comedies", ["never war films"], {"dark": -0.5}, 0.7)
    given = (HISTORY, "Likes cats.", 0.4)
    found = rec.recommend(*given, 6, **vars(asked))
    told = rec.explain(*given, 6, asked=asked)
    assert told.best == found
    columns = ["request", "standing 1", "concept dark", "profile", "history"]
    assert [f"without {name}" in told.places for name in columns] == [True] * 5
    without = rec.recommend(*given, ITEMS, **{**vars(asked), "request": None})
    place = {one.item: number for number, one in enumerate(without, 1)}
    assert told.places["without request"].tolist() == [place.get(item, 0) for item in told.places["item"]]
    assert all(int(name.split()[1]) % 4 == 1 for name in told.left_out["standing 1: never war films"])
    assert told.to_dict()["places"][0]["place"] == 1


def test_an_item_without_text_comes_last_by_request_and_is_told(base) -> None:
    cards = Cards(IDS, [Card("?") if i == 0 else card for i, card in enumerate(CARDS.cards)])
    rec = SteeredRecommender(base, FactJudge(cards))
    found = rec.recommend(HISTORY, k=ITEMS, request="comedies", w_control=1.0)
    assert found[-1].item == "film00" or found[-1].score == found[[p.item for p in found].index("film00")].score
    told = rec.explain(HISTORY, k=ITEMS, asked=Asked("comedies", w_control=1.0))
    assert "nothing is known of some items" in told.remarks[0]


def test_many_users_at_once_are_the_same_as_one_by_one(rec, base) -> None:
    rows = base.rows([HISTORY, {"film20": 5.0}])
    table = rec.scores(rows, requests=["comedies", "war films"], w_control=0.6)
    for row, history, request in zip(table, (HISTORY, {"film20": 5.0}), ("comedies", "war films"), strict=True):
        one = {place.item: place.score for place in rec.recommend(history, k=ITEMS, request=request, w_control=0.6)}
        assert all(row[IDS.index(item)] == score for item, score in one.items())


def test_engagement_is_any_sum_of_recommenders_and_functions(base) -> None:
    novelty = np.arange(ITEMS, dtype=float)
    both = Engagement(
        {"watch": base, "new": lambda rows: np.tile(novelty, (rows.shape[0], 1))}, IDS, weights={"new": 9}
    )
    rec = SteeredRecommender(both, FactJudge(CARDS))
    assert rec.recommend(HISTORY, k=1)[0].item == IDS[-1]
    broken = Engagement({"watch": lambda rows: np.full(rows.shape, np.nan)}, IDS)
    with pytest.raises(CallError, match="'watch' returned NaN"):
        SteeredRecommender(broken, FactJudge(CARDS)).recommend(HISTORY, request="comedies")


def test_steering_is_saved_and_loaded_with_its_base(rec, base, tmp_path) -> None:
    plain = SteeredRecommender(base, FactJudge(CARDS))
    plain.save(tmp_path / "steered")
    again = load(tmp_path / "steered")
    assert isinstance(again, SteeredRecommender)
    asked = {"request": "comedies but no war", "standing": ["never horror"], "w_control": 0.7}
    assert again.recommend(HISTORY, **asked) == plain.recommend(HISTORY, **asked)
    (tmp_path / "steered" / "cards.parquet").write_bytes(b"other")
    with pytest.raises((CheckpointError, DataFileError)):
        load(tmp_path / "steered")
    with pytest.raises(CallError, match="no concepts"):
        rec.save(tmp_path / "other")


def test_what_is_distilled_follows_its_judge_and_is_saved(bert: SentenceEncoder, base, tmp_path) -> None:
    asked = [wish.text for wish in RequestWriter("train").draw(60, np.random.default_rng(0))]
    options = Distillation(requests="lora", rank=2, hidden=8, steps=60, batch=16, rate=1e-2)
    model, losses = distil(bert, CARDS, FactJudge(CARDS), asked, options)
    assert losses[-1]["loss"] < losses[0]["loss"]
    again, _ = distil(bert, CARDS, FactJudge(CARDS), asked, options)
    assert np.array_equal(model.values(["comedy films"]), again.values(["comedy films"])), "one seed, one model"
    save_distilled(model, tmp_path / "model")
    loaded = load_distilled(tmp_path / "model", bert)
    assert np.allclose(loaded.values(["comedy films"]), model.values(["comedy films"]), atol=1e-6)
    rec = SteeredRecommender(base, model)
    assert len(rec.recommend(HISTORY, request="comedy films", k=5)) == 5
    rec.save(tmp_path / "rec")
    assert load(tmp_path / "rec", bert).recommend(HISTORY, request="comedy films") == rec.recommend(
        HISTORY, request="comedy films"
    )
    (tmp_path / "model" / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(CheckpointError):
        load_distilled(tmp_path / "model", bert)


def test_both_sides_can_be_tuned_whole(bert: SentenceEncoder) -> None:
    few = CARDS.subset(IDS[:8])
    options = Distillation(requests="all", items="lora", rank=2, hidden=8, steps=4, batch=2, item_batch=4)
    before = bert.encode(["comedy films"])
    model, _ = distil(bert, few, FactJudge(few), ["comedy films", "no war"], options)
    assert model.values(["comedy films"]).shape == (1, 8)
    assert np.array_equal(bert.encode(["comedy films"]), before), "the encoder stays as it is"


def test_word_pieces_of_items_are_trained_beside_a_frozen_copy_and_saved(bert: SentenceEncoder, tmp_path) -> None:
    asked = [wish.text for wish in RequestWriter("train").draw(60, np.random.default_rng(0))]
    options = Distillation(requests="frozen", items="words", hidden=8, steps=60, batch=16, rate=1e-2, within=0.5)
    model, losses = distil(bert, CARDS, FactJudge(CARDS), asked, options)
    assert losses[-1]["loss"] < losses[0]["loss"]
    save_distilled(model, tmp_path / "model")
    again = load_distilled(tmp_path / "model", bert)
    assert np.allclose(again.values(["comedy films"]), model.values(["comedy films"]), atol=1e-6)
    few = CARDS.subset(IDS[:8])
    moved = again.with_items(few).values(["comedy films"])
    assert np.allclose(moved, model.values(["comedy films"])[:, :8], atol=1e-5), (
        "new items are read by their words, too"
    )


def test_wishes_are_kept_listed_edited_and_removed(tmp_path) -> None:
    wishes = StandingWishes(["never war films", "no horror after eight"])
    wishes.edit(1, "never westerns on weekends")
    wishes.add("something light", When(context="kids"))
    wishes.save(tmp_path / "wishes.json")
    again = StandingWishes.load(tmp_path / "wishes.json")
    told = [(one.number, one.wish, one.when.said()) for one in again]
    assert told == [
        (2, "no horror", "from 20:00"),
        (1, "never westerns", "on Saturday, Sunday"),
        (3, "something light", "with kids"),
    ]
    again.remove(2)
    assert [one.number for one in again] == [1, 3]
    with pytest.raises(UnknownNameError):
        again.remove(2)
    (tmp_path / "wishes.json").write_text('{"schema": 1, "wishes": [{"number": 1}]}')
    with pytest.raises(DataFileError, match="standing wishes"):
        StandingWishes.load(tmp_path / "wishes.json")


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("no horror after eight", "from 20:00"),
        ("no horror before 8 am", "until 08:00"),
        ("no horror after 20:15", "from 20:15"),
        ("no horror after nine in the morning", "from 09:00"),
        ("no horror from ten until 6 am", "from 22:00 until 06:00"),
        ("nothing sad on weekdays", "on Monday, Tuesday, Wednesday, Thursday, Friday"),
        ("no violent films when with the kids", "with kids"),
        ("never films about the war", "always"),
    ],
)
def test_conditions_are_read_from_the_sentence(sentence: str, said: str) -> None:
    (wish,) = StandingWishes([sentence])
    assert wish.when.said() == said


def test_a_span_over_midnight_holds_on_both_sides() -> None:
    when = When(after=22 * 60, before=6 * 60)
    assert [when.holds(NOON.replace(hour=hour)) for hour in (23, 3, 6, 12)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"request": ""}, CallError, "hold a word"),
        ({"request": "x" * 20_000}, CallError, "at most 2000 characters, got 20,000"),
        ({"request": "comedies", "w_control": 1.5}, CallError, "between 0 and 1"),
        ({"request": "comedies", "w_control": float("nan")}, CallError, "between 0 and 1"),
        ({"concepts": {"drak": 1.0}}, UnknownNameError, "'dark'"),
        ({"concepts": {"dark": 2.0}}, CallError, "between -1 and 1"),
        ({"standing": [" "]}, CallError, "hold a word"),
    ],
)
def test_wrong_calls_say_what_must_hold(rec, given, error, told: str) -> None:
    with pytest.raises(error, match=told):
        rec.recommend(HISTORY, **given)


def test_an_untrained_encoder_cannot_leave_out_and_says_what_can(base, bert: SentenceEncoder) -> None:
    values = EncoderValues.of(bert, CARDS)
    assert len(SteeredRecommender(base, values).recommend(HISTORY, request="comedy films", k=3)) == 3
    with pytest.raises(CallError, match="pass judge="):
        SteeredRecommender(base, values).recommend(HISTORY, standing=["never war films"])
    both = SteeredRecommender(base, values, judge=FactJudge(CARDS))
    assert "War" not in genres(both.recommend(HISTORY, standing=["never war films"], k=30))
