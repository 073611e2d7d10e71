"""Who is trained on and what is ranked, on histories whose right division is written out by hand."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, DataFileError, ElmError
from elm.data import Dataset, demo
from elm.recommend import (
    MODELS,
    AskedModel,
    HeldOut,
    RecommendationSplit,
    Thresholds,
    compare,
    cost,
    fit_backbone,
    make_autoencoder,
    measure,
    split_dataset,
)
from elm.recommend.benchmark._prompted_llm import listed

OPEN = Thresholds(1, 1, 4)


def dataset(lengths: list[int], rating=lambda user, n: 5.0, times=lambda user, n: n) -> Dataset:
    """User k rates items 1..lengths[k], the n-th one at time n unless said otherwise."""
    rows = [(k, n, rating(k, n), times(k, n)) for k, length in enumerate(lengths) for n in range(1, length + 1)]
    items = pd.DataFrame(
        {"title": [f"t{i}" for i in range(1, 121)], "year": [None] * 120, "genres": [[] for _ in range(120)]},
        index=range(1, 121),
    )
    frame = pd.DataFrame(rows, columns=["user", "item", "rating", "time"])
    return Dataset("toy", items, pd.DataFrame(index=range(len(lengths))), frame)


def targets(split: RecommendationSplit, user: str) -> list[int]:
    rows = split.rows[(split.rows["user"] == user) & (split.rows["role"] == "target")]
    return sorted(int(item) for item in rows["item"])


def test_paper_takes_the_fifty_oldest_and_of_fewer_all_but_two():
    split = split_dataset(dataset([60, 51, 50, 30, 3, 70]), "paper", thresholds=OPEN)
    assert targets(split, "0") == list(range(51, 61))
    assert targets(split, "1") == [51]
    assert targets(split, "2") == [49, 50]
    assert targets(split, "3") == [29, 30]
    assert targets(split, "4") == [2, 3]


def test_repo_compat_holds_out_the_last_two_liked_of_the_first_52():
    rating = lambda user, n: 3.0 if (user == 1 and n > 10) or (user == 4 and n > 1) else 5.0  # noqa: E731
    split = split_dataset(dataset([60, 40, 20, 52, 9, 30], rating), "repo-compat", thresholds=OPEN)
    assert targets(split, "0") == [51, 52]
    assert "55" not in set(split.rows.loc[split.rows["user"] == "0", "item"])
    assert targets(split, "1") == [9, 10]
    assert targets(split, "2") == [19, 20]
    assert "4" not in set(split.rows["user"])  # one liked rating alone


def test_ties_in_time_go_by_item_number():
    split = split_dataset(dataset([12, 12, 12, 12, 12], times=lambda user, n: 7), "paper", thresholds=OPEN)
    assert targets(split, "0") == [11, 12]  # by name, 9 would come last


def test_random_order_is_asked_for_and_told():
    without = dataset([30] * 8)
    without = dataclasses.replace(without, interactions=without.interactions.drop(columns="time"))
    with pytest.raises(CallError, match="toy has no times: take order='random'"):
        split_dataset(without, thresholds=OPEN)
    split = split_dataset(without, thresholds=OPEN, order="random")
    assert split.about["order"] == "random"
    assert len({tuple(targets(split, str(user))) for user in range(8)}) > 1


def test_users_of_a_strong_split_are_in_one_part_and_models_see_inputs_alone():
    data = demo(n_films=150, n_users=120)
    split = split_dataset(data, "paper", seed=3, thresholds=Thresholds(5, 3, 30), order="random")
    parts = {part: set(split.users(part)) for part in ("train", "validation", "test")}
    assert [len(users) for users in parts.values()] == [len(parts["train"]), 15, 15]
    assert not parts["train"] & (parts["validation"] | parts["test"])
    assert not parts["validation"] & parts["test"]
    test = split.held_out("test")
    assert test.inputs.multiply(test.targets).nnz == 0
    assert set(np.unique(test.targets.data)) == {1.0}
    assert split.train().shape == (len(parts["train"]), len(split.items))
    assert split.train_inputs().nnz < split.train().nnz
    known = data.ratings_matrix(users=split.users("test"), items=split.items)
    assert ((known >= 4).astype(int) - (test.inputs >= 4).astype(int) != (test.targets > 0)).nnz == 0


def test_a_weak_split_divides_every_users_ratings():
    data = demo(n_films=150, n_users=60)
    split = split_dataset(data, "weak", seed=1, thresholds=Thresholds(5, 3))
    assert split.users("train") == split.users("validation") == split.users("test")
    test, validation = split.held_out("test"), split.held_out("validation")
    assert (test.inputs != split.train()).nnz == 0
    for one, other in ((test.targets, split.train()), (test.targets, test.hidden), (validation.targets, test.targets)):
        assert one.multiply(other).nnz == 0
    counts = split.rows.groupby(["user", "part"]).size().unstack()
    assert (counts["test"] == np.maximum(1, np.rint(counts.sum(axis=1) / 10))).all()
    assert not split.rows.duplicated(["user", "item"]).any()


@pytest.mark.parametrize("protocol", ["paper", "repo-compat", "weak"])
def test_a_split_follows_its_seed_and_not_the_order_of_the_rows(protocol):
    data = demo(n_films=150, n_users=60)
    shuffled = dataclasses.replace(data, interactions=data.interactions.sample(frac=1, random_state=0))
    limits = Thresholds(5, 3, 10, 40)
    first, again, other = (
        split_dataset(d, protocol, seed, limits, "random") for d, seed in ((data, 0), (shuffled, 0), (data, 1))
    )
    pd.testing.assert_frame_equal(first.rows, again.rows)
    assert not first.rows.equals(other.rows)
    assert first.rows["user"].nunique() <= 40


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_saved_split_comes_back_by_ids(form, tmp_path):
    split = split_dataset(dataset([60, 51, 50, 30, 3, 70]), thresholds=OPEN)
    again = RecommendationSplit.load(split.save(tmp_path / "split", form))
    pd.testing.assert_frame_equal(again.rows, split.rows)
    assert again.about == split.about
    assert again.items == split.items
    assert (again.held_out("test").targets != split.held_out("test").targets).nnz == 0
    assert json.loads((tmp_path / "split" / "split.json").read_text())["about"]["protocol"] == "paper"


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_ids_that_look_like_nothing_come_back_as_they_are(form, tmp_path):
    names = ["NA", "null", "None", "nan", "", "-1.#IND", 'a "b", c', "007"]
    rows = pd.DataFrame({"user": names, "item": names[::-1], "rating": np.float32(4.5), "part": "train"})
    split = RecommendationSplit(rows.assign(role="input"), {})
    again = RecommendationSplit.load(split.save(tmp_path / "split", form))
    assert again.rows["user"].tolist() == names
    assert again.items == split.items
    assert (again.train() != split.train()).nnz == 0


def test_saving_in_the_other_form_leaves_one_file(tmp_path):
    split = split_dataset(dataset([60, 51, 50, 30, 3, 70]), thresholds=OPEN)
    split.save(tmp_path, "csv")
    split.save(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".")) == ["ratings.parquet", "split.json"]


def test_a_damaged_split_is_refused(tmp_path):
    folder = split_dataset(dataset([60, 51, 50, 30, 3, 70]), thresholds=OPEN).save(tmp_path / "s", "csv")
    lines = (folder / "ratings.csv").read_text().splitlines()
    (folder / "ratings.csv").write_text("\n".join(lines[:-3]) + "\n")
    with pytest.raises(DataFileError, match="should hold 264 ratings but has 261"):
        RecommendationSplit.load(folder)
    (folder / "ratings.csv").unlink()
    with pytest.raises(DataFileError, match=r"neither ratings\.parquet nor ratings\.csv"):
        RecommendationSplit.load(folder)


@pytest.fixture(scope="module")
def split() -> RecommendationSplit:
    return split_dataset(demo(n_films=150, n_users=200), "paper", 0, Thresholds(5, 3, 60), "random")


@pytest.mark.parametrize("name", MODELS)
def test_every_model_fits_and_ranks_by_its_name(split, name):
    settings = {"epochs": 2, "batch": 50} if "vae" in name or "dae" in name else {}
    model = fit_backbone(name, split.train(), split.held_out("validation"), **settings)
    found = measure(model, split.held_out("test"))
    assert set(found) == {f"{metric}@{k}" for metric in ("recall", "ndcg") for k in (10, 20, 50)}
    assert all(((values >= 0) & (values <= 1)).all() for values in found.values())


def test_measures_leave_out_users_without_targets_and_what_is_hidden():
    class Given:
        def scores(self, histories):
            return np.array([[4.0, 3, 2, 1]] * 3, dtype=np.float32)

    from scipy import sparse

    wanted = sparse.csr_matrix([[0.0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1]])
    inputs = sparse.csr_matrix((3, 4))
    assert measure(Given(), HeldOut(inputs, wanted), (1,))["ndcg@1"].tolist() == [0, 0]
    hidden = sparse.csr_matrix([[1.0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0]])
    found = measure(Given(), HeldOut(inputs, wanted, hidden=hidden), (1, 4))
    assert found["ndcg@1"].tolist() == [1, 1]
    assert found["recall@4"].tolist() == [1, 1]


def test_nobody_with_a_target_is_an_error_and_not_a_table_of_nan(split):
    given = split.held_out("validation")
    nothing = HeldOut(given.inputs, given.targets * 0)
    message = f"of {given.inputs.shape[0]} users none has a target; hold out more users or lower the thresholds"
    with pytest.raises(CallError, match=message):
        measure(fit_backbone("popularity", split.train(), nothing), nothing)
    with pytest.raises(CallError, match=message):
        fit_backbone("ease", split.train(), nothing)  # which it is tuned on
    fit_backbone("ease", split.train(), nothing, penalty=100)


def test_numbers_of_any_make_are_settings(split):
    held_out = split.held_out("validation")
    assert fit_backbone("ease", split.train(), held_out, penalty=100, scale=np.float32(5)).scale == 5
    fit_backbone("multi-dae", split.train(), held_out, epochs=np.int64(1), batch=None, weight_decay=0, half=False)


def test_the_table_tests_in_pairs_over_seeds_and_users():
    better = [{"ndcg@20": [0.3, 0.5, 0.4]}, {"ndcg@20": [0.4, 0.61, 0.505]}]
    worse = [{"ndcg@20": [0.2, 0.4, 0.3]}, {"ndcg@20": [0.31, 0.5, 0.4]}]
    few = [[{"ndcg@20": seed["ndcg@20"][:2]} for seed in side] for side in (better, worse)]
    assert compare(dict(zip("ab", few, strict=True)), "b")[0]["ndcg@20"]["p_users"] is None  # four users show nothing
    rows = {row["model"]: row["ndcg@20"] for row in compare({"a": better, "b": worse}, "b")}
    assert rows["a"]["mean"] == pytest.approx(0.4525)
    assert rows["a"]["sd"] == pytest.approx(np.std([0.4, 0.505], ddof=1))
    assert 0 < rows["a"]["p_users"] < 0.01
    assert set(rows["b"]) == {"mean", "sd"}
    assert compare({"a": better[:1]})[0]["ndcg@20"]["sd"] is None
    with pytest.raises(CallError, match="same seeds and users"):
        compare({"a": better, "b": worse[:1]}, "b")
    with pytest.raises(CallError, match="one of the models a, b"):
        compare({"a": better, "b": worse}, "c")


def test_cost_sees_a_large_array():
    value, spent = cost(lambda: np.ones(30 * 2**17).sum())
    assert value == 30 * 2**17
    assert spent["seconds"] > 0
    assert spent["memory_mib"] is None or spent["memory_mib"] > 25


def test_an_asked_model_ranks_what_it_names_and_counts_failures():
    from scipy import sparse

    answers = iter(["2, 0, 77, 2", *["I would rather not."] * 10])
    prompts = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return next(answers)

    model = AskedModel(ask, ["Heat", "Alien", "Brazil", "Jaws"])
    scores = model.scores(sparse.csr_matrix([[0.0, 5, 0, 0], [0, 0, 0, 2]]))
    assert np.argsort(-scores[0])[:2].tolist() == [2, 0]
    assert np.isneginf(scores[0, [1, 3]]).all()
    assert np.isneginf(scores[1]).all()
    assert model.failures == 1
    assert "Liked: Alien" in prompts[0]
    assert "1: Alien" not in prompts[0]
    assert "Did not like: Jaws" in prompts[1]
    wanted = sparse.csr_matrix([[1.0, 0, 0, 0], [1, 0, 0, 0]])
    given = type("Given", (), {"scores": lambda self, histories: scores})()
    assert measure(given, HeldOut(sparse.csr_matrix((2, 4)), wanted), (4,))["recall@4"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ("Here are the 2 best: 5, 7", [5, 7]),
        ("2 films for you: 5, 7", [5, 7]),
        ("The 2 best:\n5, 7, and 9", [5, 7, 9]),
        ("My 2 picks:\n- 5: Alien 3\n- **7**: 2001: A Space Odyssey\n\nEnjoy these 2!", [5, 7]),
        ("1. 5\n2. 7 (Jaws 2)", [5, 7]),
        ("[5, 7]", [5, 7]),
        ("I would name 2 of 9.", []),
        ("12345678901, 4", [4]),
        ("", []),
    ],
)
def test_numbers_outside_a_list_name_nothing(answer, named):
    assert listed(answer) == named


def test_an_asked_model_passes_over_the_numbers_of_a_preamble():
    from scipy import sparse

    model = AskedModel(lambda prompt: "Here are the 2 best: 0, 3", ["Heat", "Alien", "Brazil", "Jaws"], places=2)
    assert model.scores(sparse.csr_matrix((1, 4))).tolist() == [[2, -np.inf, -np.inf, 1]]


def test_an_asked_model_can_read_profiles_and_a_part_of_the_catalogue():
    from scipy import sparse

    model = AskedModel(lambda prompt: "1", ["Heat", "Alien"], profiles=["They love robots."], candidates=[1])
    prompt = model.prompt(sparse.csr_matrix((1, 2)))
    assert "They love robots." in prompt
    assert "0: Heat" not in prompt
    with pytest.raises(CallError, match="2 users, 1 profiles"):
        model.scores(sparse.csr_matrix((2, 2)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: split_dataset(demo(20, 9), "strong"), "one of paper, repo-compat, weak"),
        (lambda s: split_dataset(demo(20, 9), order="id"), "'time' or 'random'"),
        (lambda s: split_dataset(demo(60, 20), thresholds=Thresholds(500, 1), order="random"), "needs at least 3"),
        (lambda s: split_dataset(dataset([9] * 4), thresholds=OPEN), "4 users are to be held out of 4"),
        (lambda s: Thresholds(0, 1), "at least 1"),
        (lambda s: Thresholds(1, 1, 1), "at least two users"),
        (lambda s: RecommendationSplit(s.rows.drop(columns="role"), {}), "role is missing"),
        (lambda s: RecommendationSplit(s.rows.assign(part="tset"), {}), "'tset' came"),
        (lambda s: RecommendationSplit(pd.concat([s.rows, s.rows[:1]]), {}), "some pairs of user and item repeat"),
        (lambda s: s.save("x", "json"), "'parquet' or 'csv'"),
        (lambda s: fit_backbone("svd", s.train(), s.held_out("test")), "unknown model 'svd'"),
        (
            lambda s: fit_backbone("ease", s.train(), s.held_out("test"), epochs=3),
            "no setting 'epochs'; it has penalty",
        ),
        (lambda s: fit_backbone("popularity", s.train(), s.held_out("test"), k=3), "no setting 'k'; it has none"),
        (
            lambda s: fit_backbone("ease", s.train(), s.held_out("test"), penalty="abc"),
            "setting 'penalty' of ease must be float, got 'abc'",
        ),
        (
            lambda s: fit_backbone("ease", s.train(), s.held_out("test"), values="all"),
            r"'values' of ease must be Literal\['liked', 'ratings'\], got 'all'",
        ),
        (lambda s: fit_backbone("wals", s.train(), s.held_out("test"), factors=2.5), "'factors' of wals must be int"),
        (
            lambda s: fit_backbone("recvae", s.train(), s.held_out("test"), epochs="abc"),
            "setting 'epochs' of recvae must be int, got 'abc'",
        ),
        (
            lambda s: fit_backbone("recvae", s.train(), s.held_out("test"), batch="abc"),
            r"'batch' of recvae must be int \| None, got 'abc'",
        ),
        (lambda s: fit_backbone("recvae", s.train(), s.held_out("test"), beta=True), "'beta' of recvae must be float"),
        (lambda s: make_autoencoder("recvae", 9, 9, hidden="abc"), "'hidden' of recvae must be int, got 'abc'"),
        (lambda s: make_autoencoder("ease", 9, 9), "unknown autoencoder 'ease'"),
        (lambda s: make_autoencoder("recvae", 9, 9, width=3), "no setting 'width'"),
        (lambda s: AskedModel(str, []), "titles must not be empty"),
    ],
)
def test_bad_input_says_what_is_wrong(split, call, message):
    with pytest.raises(ElmError, match=message):
        call(split)
