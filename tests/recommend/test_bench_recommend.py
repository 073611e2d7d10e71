"""`elm bench recommend`: the table, JSON, a run that goes on, a saved split, a model that is asked."""

import dataclasses
import json

import numpy as np
import pytest
import typer
from faulty_endpoint import endpoint, failed, said
from typer.testing import CliRunner

import elm.recommend
from elm._errors import CallError, ElmError, TeacherError, UnknownNameError
from elm.cli._options import asked_model
from elm.cli.bench._recommend import _alphas, parse_settings, recommend
from elm.data import demo
from elm.recommend import RecommendationSplit, Thresholds, bench_models, split_dataset
from elm.recommend.tears._registry import WithTexts

SMALL = ("--seeds", 2, "--held-out", 100, "--user-ratings", 8, "--quiet")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small world with times, saved."""
    return demo(n_films=300, n_users=500).save(tmp_path_factory.mktemp("data"))


def run(*words: object):
    app = typer.Typer()
    app.command()(recommend)
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, ElmError):
        raise result.exception
    return result


def test_the_table_and_its_json_tell_the_same(data, tmp_path):
    words = (data, "--models", "popularity,ease", *SMALL, "--out", tmp_path / "run", "--set", "ease.penalty=300")
    value = json.loads(run(*words, "--json").stdout)
    assert value["reference"] == "ease"
    popularity, ease = value["rows"]
    assert ease["ndcg@20"]["mean"] > popularity["ndcg@20"]["mean"]
    assert 0 < popularity["ndcg@20"]["p_users"] < 1
    assert {split["seed"] for split in value["splits"]} == {0, 1}
    first = value["splits"][0]
    assert first["users"]["test"] + first["without_targets"]["test"] == 50
    text = run(*words).stdout
    assert "demo, protocol paper: " in text
    assert f"{ease['ndcg@20']['mean']:.3f}" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_a_second_call_goes_on_and_other_settings_are_refused(data, tmp_path, monkeypatch):
    words = (data, "--models", "popularity,ease", *SMALL, "--json", "--out", tmp_path / "run")
    first = run(*words).stdout
    monkeypatch.setattr(
        "elm.recommend.benchmark._benchmark.fit_backbone",
        lambda *_, **__: pytest.fail("fitted again what was finished"),
    )
    assert run(*words).stdout == first
    with pytest.raises(CallError, match="other values of protocol"):
        run(*words, "--protocol", "weak")


def test_a_saved_split_is_used_and_only_the_models_seeds_change(data, tmp_path):
    run(data, "--models", "popularity", *SMALL, "--save-split", tmp_path / "split")
    split = RecommendationSplit.load(tmp_path / "split")
    value = json.loads(run(data, "--models", "popularity", *SMALL, "--split", tmp_path / "split", "--json").stdout)
    assert [s["seed"] for s in value["splits"]] == [0, 0]
    assert value["splits"][0] == split.summary()
    assert value["rows"][0]["ndcg@20"]["sd"] == 0


def test_users_who_like_no_target_are_counted_apart(tmp_path):
    split = split_dataset(demo(n_films=300, n_users=500), "paper", thresholds=Thresholds(8, 5, 100))
    some = split.users("test")[:3] + split.users("validation")[:2]
    found = RecommendationSplit(
        split.rows.assign(rating=split.rows["rating"].mask(split.rows["user"].isin(some), 1.0)), split.about
    )
    after = found.summary()
    for part, more in (("test", 3), ("validation", 2)):
        assert after["without_targets"][part] >= more
        assert after["users"][part] + after["without_targets"][part] == len(split.users(part))
    records = []
    bench_models(
        lambda seed: found,
        ["popularity"],
        [0],
        step=lambda name, work: records.append(work()) or records[-1],
    )
    assert {len(values) for values in records[0]["users"].values()} == {after["users"]["test"]}
    found.save(tmp_path / "split")
    text = run("demo", "--models", "popularity", "--seeds", 1, "--quiet", "--split", tmp_path / "split").stdout
    assert f"{after['users']['test']} for the test" in " ".join(text.split())
    assert f"not scored: {after['without_targets']['test']} test users" in text


def test_the_weight_of_the_text_is_told_for_each_seed():
    split = split_dataset(demo(n_films=150, n_users=60), "weak", thresholds=Thresholds(5, 3))

    class Listed:
        items = split.items

        def scores(self, histories, profiles=None, alpha=None):
            return elm.recommend.Popularity.fit(split.train()).scores(histories)

    others = {
        "mixed": lambda part, seed: WithTexts(Listed(), None, (0.25, 0.75)[seed]),
        "plain": lambda part, seed: Listed(),
    }
    value = bench_models(lambda seed: split, ["mixed", "plain"], [0, 1], others=others)
    mixed, plain = value["rows"]
    assert mixed["alpha"] == [0.25, 0.75]
    assert "alpha" not in plain
    assert _alphas(mixed["alpha"]) == "0.25-0.75"
    assert _alphas([0.3, 0.3]) == "0.3"
    assert _alphas(None) == "-"


def first_numbers(number, body):
    """An answer of the first numbers that the prompt lists."""
    lines = body["messages"][0]["content"].splitlines()
    return said(", ".join(line.partition(":")[0] for line in lines if line.partition(":")[0].isdecimal()))


def test_a_chat_model_is_asked_for_lists(data):
    with endpoint(first_numbers) as served:
        words = ("--models", "popularity", "--ask", "a-model", "--endpoint", served.url, "--ask-items", 30)
        value = json.loads(run(data, *SMALL, *words, "--json").stdout)
    assert [row["model"] for row in value["rows"]] == ["popularity", "asked"]
    assert value["rows"][1]["failures"] == 0
    assert 0 < value["rows"][1]["recall@20"]["mean"] < 1


def test_an_endpoint_that_fails_is_an_error_in_words():
    with (
        endpoint(lambda number, body: failed(404, "no such model")) as served,
        pytest.raises(TeacherError, match="no such model"),
    ):
        asked_model("a-model", served.url).ask("hello")


def test_failures_of_a_model_are_told():
    class Silent:
        failures = 0

        def scores(self, histories):
            self.failures += histories.shape[0]
            return elm.recommend.Popularity.fit(histories).scores(histories)

    split = split_dataset(demo(n_films=150, n_users=60), "weak", thresholds=Thresholds(5, 3))
    value = bench_models(lambda seed: split, ["silent"], [0], others={"silent": lambda part, seed: Silent()})
    assert value["rows"][0]["failures"] == len(split.users("test"))


def test_a_split_without_a_target_to_rank_is_refused_before_any_fit():
    split = split_dataset(demo(n_films=150, n_users=60), "weak", thresholds=Thresholds(5, 3))
    low = RecommendationSplit(split.rows.assign(rating=np.float32(2)), split.about)
    others = {"other": lambda part, seed: pytest.fail("fitted for nothing")}
    message = f"the test part needs .* of {len(low.users('test'))} users none has a target; hold out more users or low"
    with pytest.raises(CallError, match=message):
        bench_models(lambda seed: low, ["other"], [0], others=others)


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("--models", "eas"), UnknownNameError, "did you mean 'ease'"),
        (("--models", "ease,ease"), CallError, "each model may come once"),
        (("--models", ","), CallError, "at least one model"),
        (("--models", "ease", "--reference", "wals"), CallError, "the reference must be one of the models ease"),
        (("--models", "ease", "--set", "wals.factors=3"), CallError, "not among the models ease"),
        (("--models", "ease", "--set", "penalty=3"), CallError, "MODEL.SETTING=VALUE"),
        (("--models", "ease", "--set", "ease.epochs=3"), CallError, "no setting 'epochs'"),
        (("--models", "ease", "--set", "ease.penalty=abc"), CallError, "'penalty' of ease must be float, got 'abc'"),
        (("--models", "ease", "--protocol", "strong"), CallError, "one of paper, repo-compat, weak"),
        (("--endpoint", "http://x"), CallError, "--endpoint goes with --ask"),
    ],
)
def test_a_wrong_call_is_one_line(data, words, error, message):
    with pytest.raises(error, match=message):
        run(data, *SMALL, *words)


def test_data_without_times_need_a_drawn_order_which_is_told(tmp_path):
    world = demo(n_films=300, n_users=500)
    rows = world.interactions.drop(columns="time")
    folder = dataclasses.replace(world, interactions=rows).save(tmp_path)
    words = (folder, "--models", "popularity", *SMALL)
    with pytest.raises(CallError, match="demo has no times: take order='random' \\(--random-order\\)"):
        run(*words)
    assert "protocol paper in a drawn order" in run(*words, "--random-order").stdout


def test_settings_keep_their_type():
    assert parse_settings(["a.b=1.5", "a.c=x", "d.e=true"]) == {"a": {"b": 1.5, "c": "x"}, "d": {"e": True}}
