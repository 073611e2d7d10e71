"""`elm tasks`: list, show, and examples by every kind of teacher."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from faulty_endpoint import endpoint, failed, said
from tiny_encoder import save_tiny_encoder
from transformers import GPT2Config, GPT2LMHeadModel

from elm.cli import main
from elm.data import EntitySplit, demo, demo_shop
from elm.embeddings import VectorTable
from elm.model import SHIPPED, load_llm
from elm.runs import RunConfig
from elm.tasks import SMALL, all_tasks, get, load_examples

Run = Callable[..., tuple[int, Any, str]]
World = tuple[str, Path, str, Path]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, Any, str]:
        code = main(["tasks", *map(str, words), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out.strip() else None, err

    return call


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("data")
    small = demo(n_films=60, n_users=150)
    words = sorted({word.strip(".,:").lower() for text in small.texts["text"] for word in text.split()})
    return "--data", small.save(folder / "small"), "--encoder", save_tiny_encoder(folder, words)


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.toml"
    path.write_text(
        'id = "tone"\nreads = "item"\nprompt = "What is the tone of the {item} <|vector|>?"\n'
        'ask = "What is the tone of the {item} {first}?"\n'
    )
    return path


def examples(folder: Path, n: int, tasks: str | None = None) -> tuple[object, ...]:
    return "examples", "--out", folder / "e", "--n", n, *(() if tasks is None else ("--tasks", tasks))


def by_chat(url: str) -> tuple[str, ...]:
    return "--teacher", "chat", "--endpoint", url, "--model", "m"


@pytest.mark.parametrize("domain", ["films", "products"])
def test_the_tasks_of_a_domain_are_listed(domain: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, value, _ = run("list", "--domain", domain)
    assert code == 0
    assert [row["id"] for row in value["tasks"]] == [task.id for task in all_tasks(domain=domain)]
    assert all(row["reads"] and row["scored_by"] and "<|vector|>" in row["prompt"] for row in value["tasks"])
    assert main(["tasks", "list", "--domain", domain]) == 0
    assert "positive_review" in capsys.readouterr().out


@pytest.mark.parametrize("task", [t.id for t in all_tasks()])
def test_a_task_is_shown_with_a_text(task: str, run: Run) -> None:
    code, value, _ = run("show", task, "--seed", 3)
    assert code == 0
    assert (value["prompt"], value["ask"]) == (get(task).prompt, get(task).ask)
    assert value["example"]
    assert len(value["of"]) == len(get(task).marks)
    assert value["questions"]


def test_a_task_is_shown_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "show", "positive_review", "--domain", "products"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("positive_review (products)\n")
    for line in ("prompt  ", "ask  ", "raters judge", "a template teacher writes:"):
        assert line in out


def test_a_task_in_a_file_is_listed_shown_and_learned(run: Run, tone: Path, world: World, tmp_path: Path) -> None:
    _, value, _ = run("list", "--domain", "products", "--file", tone)
    assert value["tasks"][-1]["prompt"] == "What is the tone of the product <|vector|>?"
    _, value, _ = run("show", "tone", "--file", tone)
    assert value["example"] is None  # it has no wordings
    code, _, err = run("show", "tone")
    assert code == 2
    assert "unknown task 'tone'" in err
    with endpoint(lambda number, body: said("It is grim.")) as served:
        code, value, _ = run(*examples(tmp_path, 20), *world, "--file", tone, *by_chat(served.url))
    assert code == 0
    assert value["tasks"] == ["tone"]
    assert set(load_examples(tmp_path / "e")["train"]["text"]) == {"It is grim."}
    assert "What is the tone of the film " in served.calls[0]["messages"][0]["content"]


def test_examples_by_templates_lie_with_their_vectors_and_splits(run: Run, world: World, tmp_path: Path) -> None:
    out = tmp_path / "e"
    arguments = (*examples(tmp_path, 60, "summary,why_like_nn"), "--tasks", "user_profile", *world, "--report")
    code, value, err = run(*arguments)
    assert code == 0, err
    assert value["tasks"] == ["summary", "why_like_nn", "user_profile"]
    made = load_examples(out)
    assert value["examples"] == {part: rows.num_rows for part, rows in made.items()}
    assert made["train"].num_rows > 60
    assert set(made["train"]["task"]) == set(value["tasks"])
    report = value["report"]
    assert set(report["entities"].values()) == {0}
    assert set(report["names"].values()) == {0}
    assert value["spending"] is None
    split = EntitySplit.load(out / "splits" / "films.json")
    films = VectorTable.load(out / "vectors" / "films")
    for row in made["test"]:
        if row["space"] == films.space.name:
            assert set(row["entities"]) <= set(split.test)
            films.rows(row["entities"])

    again, same, _ = run(*arguments)
    assert (again, same) == (0, value)
    assert load_examples(out)["train"].to_list() == made["train"].to_list()


def test_a_chat_run_that_breaks_goes_on_and_says_what_it_cost(run: Run, world: World, tmp_path: Path) -> None:
    def answer(number: int, body: dict[str, Any]) -> tuple[int, Any]:
        if number >= served_until[0]:
            return failed(401)
        return said(f"A text about {len(body['messages'][0]['content'])} letters.")

    served_until = [5]
    with endpoint(answer) as served:
        teacher = (*by_chat(served.url), "--told", "plot", "--prices", 1000000, 2000000, "--concurrency", 1)
        arguments = (*examples(tmp_path, 20, "summary,user_profile"), *world, *teacher, "--quiet")
        code, _, err = run(*arguments)
        assert code == 1
        assert err.count("\n") == 1
        assert "refused the key (401)" in err
        served_until[0] = 10**6
        code, value, err = run(*arguments)
        assert code == 0, err
        told = served.calls[0]["messages"][0]["content"]
        assert "What is known of" in told
        total = sum(value["examples"].values())
        assert value["spending"].startswith(f"{total - 5} calls, 5 kept")
        assert value["spending"].endswith(f"cost {(total - 5) * (11 + 14):.2f}")
        assert value["given_up"] == []
        before = len(served.calls)
        assert run(*arguments)[1]["examples"] == value["examples"]
        assert len(served.calls) == before
    assert (tmp_path / "e.answers").is_file()


def test_products_are_asked_for_in_their_own_words(run: Run, world: World, tmp_path: Path) -> None:
    shop = demo_shop(n_products=60, n_users=150).save(tmp_path / "shop")
    with endpoint(lambda number, body: said("Sturdy and quiet.")) as served:
        teacher = (*by_chat(served.url), "--fields", '{"max_tokens": null, "max_completion_tokens": 9}')
        code, value, err = run(*examples(tmp_path, 14), "--data", shop, *world[2:], *teacher)
    assert code == 0, err
    assert "max_tokens" not in served.calls[0]
    assert served.calls[0]["max_completion_tokens"] == 9
    assert value["tasks"] == [task.id for task in all_tasks(domain="products")]
    assert set(load_examples(tmp_path / "e")["train"]["domain"]) == {"products"}
    asked = [call["messages"][0]["content"] for call in served.calls]
    assert not any("film" in text or "viewer" in text for text in asked)
    assert any("the product " in text for text in asked)
    assert any("a customer who likes" in text for text in asked)


def test_what_a_teacher_gives_up_is_listed(run: Run, world: World, tmp_path: Path) -> None:
    def answer(number: int, body: dict[str, Any]) -> tuple[int, Any]:
        title = re.search(r"film (.+?) \(\d{4}\)", body["messages"][0]["content"])
        assert title
        return said(f"“{title[1]}” is a film." if title[1].startswith("The") else "A text.")

    with endpoint(answer) as served:
        code, value, err = run(*examples(tmp_path, 50, "summary"), *world, *by_chat(served.url))
    assert code == 0, err
    assert value["given_up"]
    assert all("names" in entry["reason"] for entry in value["given_up"])
    assert sum(value["examples"].values()) + len(value["given_up"]) == 50 + 3 + 5  # of 51, 3 and 6 films


def save_babbler(folder: Path) -> Path:
    """A GPT-2 whose logits are the same wherever it stands: ten words, and one time in eleven the end."""
    config = GPT2Config(
        vocab_size=len(load_llm(SHIPPED / "base")[1]),
        n_embd=8,
        n_layer=1,
        n_head=1,
        n_positions=512,
        bos_token_id=1,
        eos_token_id=2,
        tie_word_embeddings=False,
    )
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        model.transformer.ln_f.weight.zero_()
        model.transformer.ln_f.bias.copy_(torch.eye(8)[0])
        model.lm_head.weight[:, 0] = -100
        model.lm_head.weight[[2, *range(300, 310)], 0] = 0
    model.save_pretrained(folder)
    load_llm(SHIPPED / "base")[1].save_pretrained(folder)
    return folder


def test_examples_by_a_local_model(run: Run, world: World, tmp_path: Path) -> None:
    teacher = ("--teacher", "pipeline", "--model", save_babbler(tmp_path / "m"), "--max-tokens", 90)
    code, value, err = run(*examples(tmp_path, 10, "summary,user_profile"), *world, *teacher)
    assert code == 0, err
    assert value["given_up"] == []
    assert int(value["spending"].split()[0]) >= sum(value["examples"].values())
    made = load_examples(tmp_path / "e")["train"]
    assert set(made["task"]) == {"summary", "user_profile"}
    assert len(set(made["text"])) > 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--teacher", "chat"], "elm: a chat teacher is a model: name it with --model"),
        (["--teacher", "pipeline", "--model", "m", "--endpoint", "http://x"], "--endpoint and --prices are for"),
        (["--model", "m"], "a template teacher writes from facts"),
        (["--fields", "top_k=20"], "elm: --fields takes a JSON object"),
        (["--tasks", "sumary"], "unknown task 'sumary'; did you mean 'summary'?"),
        (["--data", "dmo"], "unknown data set 'dmo'; did you mean 'demo'?"),
        (["--file", "nowhere.toml"], "nowhere.toml is missing; name the TOML file of a task"),
    ],
)
def test_wrong_calls_are_one_line(arguments: list[str], message: str, run: Run, tmp_path: Path) -> None:
    code, _, err = run("examples", "--out", tmp_path / "e", *arguments)
    assert code == (1 if "nowhere.toml" in arguments else 2)
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "e").exists()


def test_examples_and_runs_hold_out_the_same_entities() -> None:
    assert (SMALL.item_shares, SMALL.user_shares) == (RunConfig().film_shares, RunConfig().user_shares)
