"""Summaries by other hands: files, a chat model that is made to behave, latents, our own reading, and the table."""

import json
import re
from collections import Counter

import numpy as np
import pytest
import tiny_elm
import typer
from faulty_endpoint import endpoint, said
from typer.testing import CliRunner

import elm.cli.bench._summaries
import elm.recommend.tears._registry
from elm._errors import CallError, DataFileError, TeacherError, UnusableTextError, VectorError
from elm.cli.bench._control import control
from elm.cli.bench._recommend import recommend
from elm.cli.bench._summaries import summaries
from elm.data import demo
from elm.embeddings import VectorTable
from elm.recommend import Thresholds, make_autoencoder, split_dataset
from elm.runs import (
    SummaryOptions,
    chat_summaries,
    file_summaries,
    latent_table,
    read_summaries,
    template_summaries,
    text_split,
)

LIMITS = Thresholds(user_ratings=8, item_ratings=2, held_out=20)
GOOD = "they enjoy quiet stories of loss and seldom choose loud ones " * 18  # 198 words


@pytest.fixture(scope="module")
def world():
    return demo(n_films=120, n_users=80)


@pytest.fixture(scope="module")
def split(world):
    return split_dataset(world, "paper", 0, LIMITS)


class Writer:
    """Stands for a chat model: answers in turn from a list, the last one for ever, and keeps what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), []

    def __call__(self, prompt: str) -> str:
        self.asked.append(prompt)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_a_model_is_told_the_inputs_alone(world, split):
    user, ask = split.users("test")[0], Writer(GOOD)
    assert chat_summaries(world, split, ask, users=[user]) == {user: GOOD.strip()}
    rows = split.rows[split.rows["user"] == user]
    told = dict(re.findall(r"^- (.+?) \(\d{4}\).*: ([\d.]+)\.$", ask.asked[0], re.MULTILINE))
    known, hidden = (rows[rows["role"] == role] for role in ("input", "target"))
    titles = world.items["title"]
    assert told == {titles[item]: f"{rating:g}" for item, rating in zip(known["item"], known["rating"], strict=True)}
    assert len(hidden) > 0
    assert list(told.values()) == sorted(told.values(), reverse=True)


def test_every_user_is_asked_for_and_many_inputs_are_drawn_from(world):
    weak = split_dataset(world, "weak", 0, LIMITS)
    ask = Writer(GOOD)
    found = chat_summaries(world, weak, ask, options=SummaryOptions(items=5, concurrency=3))
    assert set(found) == set(weak.users("train"))
    assert {prompt.count("\n- ") for prompt in ask.asked} == {5}
    assert sorted(ask.asked) == sorted(_prompts(world, weak, seed=0))
    assert sorted(ask.asked) != sorted(_prompts(world, weak, seed=1))


def _prompts(world, split, seed):
    ask = Writer(GOOD)
    chat_summaries(world, split, ask, options=SummaryOptions(items=5), seed=seed)
    return ask.asked


def test_an_answer_that_breaks_a_rule_is_asked_for_again(world, split):
    user = split.users("test")[0]
    item = split.rows[(split.rows["user"] == user) & (split.rows["role"] == "input")]["item"].iloc[0]
    title = world.items.loc[item, "title"]
    for bad, told in (
        ("Too short.", "had 2 words"),
        ("", "had 0 words"),
        (GOOD * 3, "had 594 words"),
        (f"{GOOD} such as the film {title}, which they praise.", f"names '{title}'"),
        (f"{GOOD} rated 5 stars", "speaks of ratings"),
        (f"{GOOD} with 4/5", "speaks of ratings"),
    ):
        ask = Writer(bad, f"<think>short?</think>{GOOD}")
        assert chat_summaries(world, split, ask, users=[user]) == {user: GOOD.strip()}
        assert len(ask.asked) == 2
        assert told in ask.asked[1]
        assert ask.asked[1].startswith(ask.asked[0])


@pytest.mark.parametrize(
    "words", ["the days after 9/11", "open 24/7", "a star is born", "scores of films", "overrated"]
)
def test_words_that_are_no_ratings_are_welcome(world, split, words):
    user, text = split.users("test")[0], f"{GOOD}{words}"
    assert chat_summaries(world, split, Writer(text), [user], SummaryOptions(attempts=1)) == {user: text}


def test_a_model_that_never_behaves_is_an_error_or_left_out(world, split):
    one, two = split.users("test")[:2]
    with pytest.raises(UnusableTextError, match=f"2 answers about user '{one}' .* the last had 2 words"):
        chat_summaries(world, split, Writer("Too short."), [one], SummaryOptions(attempts=2))
    skipping = SummaryOptions(attempts=2, on_failure="skip")
    found = chat_summaries(world, split, Writer("No.", "No.", GOOD), [one, two], skipping)
    assert found == {two: GOOD.strip()}


def test_answers_are_kept_and_told_apart_by_model(world, split, tmp_path):
    users, cache = split.users("test")[:3], tmp_path / "answers"
    first = Writer("Too short.", GOOD)
    found = chat_summaries(world, split, first, users, SummaryOptions(cache=cache))
    assert len(first.asked) == 4
    again, other = Writer("not asked"), Writer(GOOD)
    assert chat_summaries(world, split, again, users, SummaryOptions(cache=cache)) == found
    assert not again.asked
    chat_summaries(world, split, other, users, SummaryOptions(cache=cache, model="other"))
    assert len(other.asked) == 3


def test_a_run_that_stops_goes_on_from_its_cache(world, split, tmp_path):
    users, calls = split.users("test")[:3], []

    def fails_once(prompt: str) -> str:
        calls.append(prompt)
        if len(calls) == 2:
            raise TeacherError("no connection")
        return GOOD

    with pytest.raises(TeacherError, match="no connection"):
        chat_summaries(world, split, fails_once, users, SummaryOptions(cache=tmp_path / "answers"))
    assert len(chat_summaries(world, split, fails_once, users, SummaryOptions(cache=tmp_path / "answers"))) == 3
    assert Counter(calls).most_common(1)[0][1] == 2  # only the call that failed came twice
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"items": 0}, "at least 1, got 0"),
        ({"attempts": 0}, "at least 1"),
        ({"concurrency": 0}, "at least 1"),
        ({"on_failure": "ignore"}, "'raise' or 'skip', got 'ignore'"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(CallError, match=message):
        SummaryOptions(**settings)


def test_users_of_the_split_alone(world, split):
    with pytest.raises(CallError, match="user 'nobody' has no inputs"):
        chat_summaries(world, split, Writer(GOOD), ["nobody"])


def test_files_of_texts(tmp_path):
    path = tmp_path / "texts.json"
    path.write_text(json.dumps({"u1": "Likes war.", "u2": {"war": "Likes it.", "wit": " Hates it. "}}))
    assert file_summaries(path) == {"u1": "Likes war.", "u2": "Likes it.\nHates it."}
    for value, message in (
        ([], "one JSON object"),
        ({}, "one JSON object"),
        ({"u1": 3}, "user 'u1' must be a string"),
        ({"u1": {"a": 1}}, "user 'u1' must be"),
        ({"u1": {}}, "user 'u1' must be"),
        ({"u2": " ..."}, "'u2' holds no word"),
    ):
        path.write_text(json.dumps(value))
        with pytest.raises(DataFileError, match=message):
            file_summaries(path)
    with pytest.raises(DataFileError, match="missing"):
        file_summaries(tmp_path / "none.json")


def test_the_templates_texts_by_user_go_back_into_a_split(world, split):
    texts = template_summaries(world, split)
    assert set(texts) == {user for part in ("train", "validation", "test") for user in split.users(part)}
    assert text_split(world, split, texts=texts).texts == text_split(world, split).texts


@pytest.mark.parametrize("name", ["multi-vae", "recvae", "macridvae"])
def test_latents_are_a_space_of_their_own(split, name):
    backbone = make_autoencoder(name, *split.train().shape)
    rows, users = split.held_out("test").inputs, split.users("test")
    table = latent_table(backbone, rows, users)
    assert table.ids == users
    assert table.vectors.shape == (len(users), backbone.latent)
    np.testing.assert_allclose(latent_table(backbone, rows[3:4], users[3:4])[users[3]], table[users[3]], atol=1e-5)
    other = latent_table(make_autoencoder(name, *split.train().shape, seed=1), rows, users)
    assert other.space.fingerprint != table.space.fingerprint
    assert latent_table(backbone, rows, users).space.fingerprint == table.space.fingerprint
    with pytest.raises(CallError, match="one id per user"):
        latent_table(backbone, rows, users[:-1])
    with pytest.raises(CallError, match=f"{len(split.items)} columns"):
        latent_table(backbone, rows[:, :-1], users)


def test_our_own_model_reads_latents(split):
    backbone = make_autoencoder("multi-vae", *split.train().shape, latent=6)
    table = latent_table(backbone, split.held_out("test").inputs, split.users("test"))
    model = tiny_elm.model(table, tasks=("user_summary",))
    found = read_summaries(model, table.subset(table.ids[:3]))
    assert list(found) == table.ids[:3]
    assert list(found.values()) == model.describe(table.vectors[:3], "user_summary")
    another = make_autoencoder("multi-vae", *split.train().shape, seed=1, latent=6)
    with pytest.raises(VectorError):
        read_summaries(model, latent_table(another, split.held_out("test").inputs, split.users("test")))
    assert isinstance(table, VectorTable)


@pytest.fixture(scope="module")
def data(world, tmp_path_factory):
    return world.save(tmp_path_factory.mktemp("data"))


SMALL = ("--user-ratings", 8, "--item-ratings", 2, "--quiet")


def run(*words: object, command=summaries) -> str:
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_the_table_of_template_and_file(data, tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps({"u1": "One two three.", "u2": "One two four five."}))
    words = (
        data,
        *SMALL,
        "--texts",
        tmp_path / "mine.json",
        "--users",
        20,
        "--pairs",
        50,
        "--out",
        tmp_path / "out.json",
    )
    value = json.loads(run(*words, "--json"))
    template, mine = value["rows"]
    assert (template["writer"], template["texts"], template["pairs"]) == ("template", 20, 50)
    assert (mine["writer"], mine["length"]["mean"], mine["edit"]["mean"]) == ("mine.json", 3.5, 2)
    assert len(file_summaries(tmp_path / "out.json")) == 20
    text = run(*words)
    assert "mine.json" in text
    assert f"{template['length']['mean']:.1f}" in text
    assert all(len(line) <= 110 for line in text.splitlines())


def test_a_chat_model_writes_beside_the_template(data, tmp_path):
    words = (data, *SMALL, "--ask", "a-model", "--users", 4, "--out", tmp_path / "out.json", "--json")
    with endpoint(lambda number, body: said(GOOD)) as served:
        for _ in range(2):  # the second time from the kept answers
            value = run(*words, "--endpoint", served.url, "--cache", tmp_path / "answers.sqlite")
        assert len(served.calls) == 4
    rows = json.loads(value)["rows"]
    assert [row["writer"] for row in rows] == ["template", "a-model"]
    assert rows[1]["edit"]["mean"] == 0
    assert set(file_summaries(tmp_path / "out.json").values()) == {GOOD.strip()}
    with (
        endpoint(lambda number, body: said("No.")) as served,
        pytest.raises(TeacherError, match="no text that keeps the rules"),
    ):
        run(*words, "--endpoint", served.url)


@pytest.mark.parametrize("command", [recommend, control])
def test_models_are_trained_on_texts_of_another_hand(command, world, data, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        elm.recommend.tears._registry, "train_tears", lambda *given, **_: seen.append(given) or pytest.fail("enough")
    )
    monkeypatch.setattr(elm.recommend.tears._registry, "SentenceEncoder", lambda device: None)
    path = tmp_path / "texts.json"
    words = ("--models", "tears-base", "--held-out", 20, "--seeds", 1, "--between", "10,90")
    words = (data, *SMALL, *(words if command is control else words[:-2]), "--texts", path)
    path.write_text(json.dumps({"u1": "Likes war."}))
    with pytest.raises(CallError, match="every user of the split needs a text"):
        run(*words, command=command)
    own = {str(user): f"The person {user} likes war." for user in world.users.index}
    path.write_text(json.dumps(own))
    with pytest.raises(pytest.fail.Exception, match="enough"):
        run(*words, command=command)
    train = split_dataset(world, "paper", 0, LIMITS).users("train")
    assert seen[0][3] == [own[user] for user in train]


def test_texts_without_a_model_that_reads_them_are_refused(data, tmp_path):
    (tmp_path / "texts.json").write_text('{"u1": "Likes war."}')
    with pytest.raises(CallError, match="models that read texts"):
        run(data, *SMALL, "--models", "ease", "--texts", tmp_path / "texts.json", command=recommend)


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (("--endpoint", "http://x"), CallError, "go with --ask"),
        (("--cache", "x"), CallError, "go with --ask"),
        (("--texts", "none.json"), DataFileError, "none.json is missing"),
        (("--protocol", "strong"), CallError, "one of paper"),
    ],
)
def test_wrong_calls(data, words, error, message):
    with pytest.raises(error, match=message):
        run(data, *SMALL, *words)


def test_texts_of_users_that_the_data_set_does_not_have_are_not_counted(data, tmp_path, capsys):
    texts = {"u1": "One two three.", "u2": "One two four five.", "nobody": "word " * 500}
    (tmp_path / "mine.json").write_text(json.dumps(texts))
    value = json.loads(run(data, *SMALL, "--texts", tmp_path / "mine.json", "--users", 20, "--pairs", 50, "--json"))
    assert (value["rows"][1]["texts"], value["rows"][1]["length"]["mean"]) == (2, 3.5)
