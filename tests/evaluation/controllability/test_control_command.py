"""`elm bench control` on a small world: tables, JSON, figures, a run that goes on, and wrong calls."""

import dataclasses
import json

import pytest
import typer
from typer.testing import CliRunner
from word_hash_encoder import WordHashEncoder

from elm._errors import CallError, DataFileError, ElmError, UnknownNameError
from elm.cli.bench._control import control, numbers, soft_attributes
from elm.cli.bench._recommend import sources
from elm.data import ATTRIBUTES, demo, load

SETTINGS = [
    f"--set={model}.{setting}"
    for model in ("tears-multi-vae", "tears-base", "gers-multi-vae")
    for setting in ("epochs=2", "per_user=0")
]
SMALL = (
    "--models",
    "tears-multi-vae,tears-base,gers-multi-vae",
    "--held-out",
    40,
    "--user-ratings",
    8,
    "--seeds",
    1,
    "--between",
    "10,150",
    "--alphas",
    "0,0.5,1",
    "--quiet",
    *SETTINGS,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return demo(n_films=200, n_users=200).save(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def _encoder(monkeypatch):
    monkeypatch.setattr("elm.recommend.tears._registry.SentenceEncoder", lambda device="cpu": WordHashEncoder())


def run(*words: object):
    app = typer.Typer()
    app.command()(control)
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    """A run with everything: its folder, its figures, what it printed as JSON."""
    out = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("elm.recommend.tears._registry.SentenceEncoder", lambda device="cpu": WordHashEncoder())
        text = run(data, *SMALL, "--out", out / "run", "--figures", out / "figures", "--json").stdout
    return out, json.loads(text)


@pytest.mark.slow
def test_every_model_has_the_tasks_that_suit_it(done):
    _, value = done
    tasks = {
        model: {(row["task"], row["alpha"]) for row in value["rows"] if row["model"] == model}
        for model in ("tears-multi-vae", "tears-base", "gers-multi-vae")
    }
    every = {(task, alpha) for task in ("large", "fine") for alpha in (0, 0.5, 1)}
    alone = {("stance", 1), ("moods", 1)}
    guided = {(task, a) for task in ("guided", "attributes") for a in (0.5, 1)}
    assert tasks["tears-multi-vae"] == every | guided | alone
    assert tasks["tears-base"] == {("large", 1), ("fine", 1)} | alone
    assert tasks["gers-multi-vae"] == {(task, alpha) for task in ("large", "bound") for alpha in (0, 0.5, 1)}
    large = next(row for row in value["rows"] if row["task"] == "large" and row["alpha"] == 0)
    assert large["rise"] == {"mean": 0, "sd": None}
    assert large["seeds"] == 1
    assert large["users"]["mean"] + large["left_out"]["mean"] == 20
    names = {row["name"] for row in value["rows"] if row["task"] == "attributes"}
    assert names == {name.replace("_", "-") for name in ATTRIBUTES} | {"mean"}
    assert 0 < value["popularity"]["mean"] < 1


def test_items_without_genres_are_refused_before_any_training(data, tmp_path, monkeypatch):
    monkeypatch.setattr("elm.runs.TextModels.fit", lambda *_: pytest.fail("trained for nothing"))
    bare = load(str(data))
    items = bare.items.assign(genres=[[] for _ in range(len(bare.items))])
    dataclasses.replace(bare, items=items, facts=None).save(tmp_path / "bare")
    with pytest.raises(CallError, match="exchanges two genres of a profile, and the items have none; give"):
        run(tmp_path / "bare", *SMALL)


def test_figures_are_drawn(done):
    out, _ = done
    names = {path.name for path in (out / "figures").iterdir()}
    assert names == {"trade-off.png", "guided.png", "attributes.png", "map-tears-multi-vae.png"}


def test_a_second_call_trains_nothing_and_prints_tables(done, data, monkeypatch):
    out, value = done
    monkeypatch.setattr("elm.runs.TextModels.fit", lambda *_: pytest.fail("trained again what was finished"))
    text = run(data, *SMALL, "--out", out / "run").stdout
    assert "demo, protocol paper, seeds: 1; NDCG@20 of popularity: 0." in text
    assert all(title in text for title in ("Large scope", "Upper bound", "Fine-grained", "more and less of a genre"))
    assert all(len(line) <= 100 for line in text.splitlines())
    assert json.loads(run(data, *SMALL, "--out", out / "run", "--json").stdout) == value
    with pytest.raises(CallError, match="other values of alphas"):
        run(data, *SMALL, "--out", out / "run", "--alphas", "1")


def test_parts_are_of_one_world_and_of_files_as_they_were(tmp_path):
    world, path = demo(n_films=60, n_users=10), tmp_path / "texts.json"
    path.write_text("{}")
    one = sources(world, 0, texts=path, split=None)
    assert one == sources(world, 0, texts=path) != sources(world, 1, texts=path)
    path.write_text("[]")
    assert sources(world, 0, texts=path) != one
    assert sources(world, 0, split=tmp_path)["split_sha256"] == sources(world, 0, texts=path)["texts_sha256"]
    assert sources(dataclasses.replace(world, facts=None), 0) == sources(dataclasses.replace(world, facts=None), 1)


def test_attributes_from_a_file(data, tmp_path):
    world = demo(n_films=200, n_users=200)
    path = tmp_path / "tags.csv"
    ids = list(world.items.index[:2])
    path.write_text(f"item,attribute,score\n{ids[0]},slow,0.25\n{ids[1]},slow,1\n{ids[0]},loud,0.5\n")
    found = soft_attributes(world, path)
    assert {name: rows.to_dict() for name, rows in found.items()} == {
        "slow": {ids[0]: 0.25, ids[1]: 1.0},
        "loud": {ids[0]: 0.5},
    }
    head = "item,attribute,score\n"
    for text in (
        "item,score\n1,2\n",
        f"{head}1,slow,much\n",
        f"{head}{ids[0]},a,1\n{ids[0]},a,1\n",
        f"{head}nobody,a,1\n",
        f"{head}{ids[0]},a,5\n",
    ):
        path.write_text(text)
        with pytest.raises(DataFileError, match=r"tags\.csv"):
            soft_attributes(world, path)
    with pytest.raises(DataFileError, match="no CSV with columns item, attribute, score"):
        soft_attributes(world, tmp_path / "missing.csv")


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("--part", "train"), CallError, "--part is test or validation, got 'train'"),
        (("--map", "umap"), CallError, "--map is pca or tsne"),
        (("--protocol", "weak"), CallError, "--protocol is paper or repo-compat"),
        (("--endpoint", "http://localhost"), CallError, "--endpoint goes with --ask"),
        (("--between", "100"), CallError, "--between takes two ranks"),
        (("--between", "a,b"), CallError, "--between takes numbers parted by commas"),
        (("--alphas", "0,1.5"), CallError, "must lie between 0 and 1, got 1.5"),
        (("--alphas", "0"), CallError, "texts move nothing at alpha 0"),
        (("--between", "9000,9100"), CallError, "ranks of a target lie between 1 and"),
        (("--models", ","), CallError, "a model and a seed or more, got 0 and 1"),
        (("--models", "tears-recva"), UnknownNameError, "did you mean 'tears-recvae'"),
        (("--models", "tuned-recvae"), CallError, "tuned-recvae reads no profile"),
        (
            ("--models", "tears-recvae", "--set", "tears-base.epochs=1"),
            CallError,
            "settings are given for 'tears-base'",
        ),
    ],
)
def test_wrong_calls_are_told_before_anything_is_trained(data, words, error, message, monkeypatch):
    monkeypatch.setattr("elm.runs.TextModels.fit", lambda *_: pytest.fail("trained"))
    with pytest.raises(error, match=message):
        run(data, "--seeds", 1, "--quiet", *words)


def test_numbers_are_read():
    assert numbers("1, 2", "--between", int) == [1, 2]
    assert issubclass(CallError, ElmError)
