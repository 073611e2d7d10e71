"""Texts about what lies halfway: the model from the mixed vector, against its base asked in words (ELM, Figure 3).

    OMP_NUM_THREADS=1 python benchmarks/interpolations.py [--run RUN] [--steps 400] [--films 60] [--users 60]
        [--endpoint URL --model NAME [--answers FILE]] [--out FOLDER]

Held-out films, each mixed half and half with one fixed film, and random pairs of held-out users; the shipped model and
the demo world, or those of a run. The base is given the facts of both films and one example of a mixture that the model
wrote, or two profiles by the teacher, and was first trained on such prompts for --steps, made of training films and
training users (benchmarks/_in_words.py). --endpoint: the same prompts for a chat model, too; its answers are kept.

Films: SC, cosine of the text and the mixed vector. Users: NDCG of the text's order of all items, with what the
collaborative model predicts for the mixed vector (over its lowest prediction) as gains; "rank": Spearman with it.
Controls: "shuffled", the model's text for another mixture; "first" and "second", the teacher's texts of the two ends;
"nearest", the teacher's text of the training film nearest to the mixed vector; "teacher", its text of mixed facts.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from _experiment import arguments, described, folder, report
from _in_words import BETWEEN, answers, film_prompt, halfway, mixed_users, taught, user_prompt

from elm.chat import Asking
from elm.embeddings import interpolate, nearest
from elm.evaluation import CachedEncoder, TrainedRanker
from elm.metrics import cosine, ndcg_graded, paired_test, spearman
from elm.model import load_llm, shipped_base
from elm.runs import RunFolder, World
from elm.tasks import ChatTeacher, TemplateTeacher, get

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Texts = dict[str, list[str]]
TASKS = (
    "summary",
    "positive_review",
    "negative_review",
    "neutral_review",
    "five_positive",
    "long_description",
    "pitch",
)
SHARE = 0.5


class Words:
    """Whoever is asked in words: the trained base, and a chat model where one is named."""

    def __init__(self, llm: Any, tokenizer: Any, chat: ChatTeacher | None, seed: int) -> None:
        self._llm, self._tokenizer, self._chat, self._seed = llm, tokenizer, chat, seed

    def __call__(self, prompts: Sequence[str], task: str) -> Texts:
        found = {"words": answers(self._llm, self._tokenizer, prompts, get(task), self._seed)}
        return found | ({"chat": self._chat.answers(prompts)} if self._chat else {})


def film_texts(
    model: Any, world: World, task: str, ids: Sequence[str], fixed: str, known: str, words: Words, seed: int
) -> tuple[np.ndarray, Texts]:
    """The mixed vectors (n, dim), and a text of each system for each; `known` is the example's film, a training one."""
    films, facts, teacher = world.films, world.film_facts, world.film_teacher()

    def mixed(items: Sequence[str]) -> np.ndarray:
        return np.stack([interpolate(films[item], films[fixed], SHARE, films.space) for item in items])

    vectors, about = mixed(ids), get(task, world.domain)
    single = "summary" if task == BETWEEN else task
    rng = np.random.default_rng(seed)
    if task == BETWEEN:
        asked: Any = films.rows(ids), films.rows([fixed] * len(ids))
        example = str(model.describe((films[known], films[fixed]), task, seed=seed))
    else:
        asked, example = vectors, str(model.describe(mixed([known])[0], task, seed=seed))
    texts = {"model": list(model.describe(asked, task, seed=seed))}
    told = (facts[known].line(), example, facts[fixed].line())
    texts |= words([film_prompt(task, told, facts[i].line(), facts[fixed].line(), world.domain) for i in ids], task)
    near, _ = nearest(films.subset(list(world.film_split.train)), vectors, 1)
    return vectors, texts | {
        "teacher": [halfway(about, facts[item], facts[fixed], rng) for item in ids],
        "shuffled": texts["model"][1:] + texts["model"][:1],
        "first": [teacher.write(item, single) for item in ids],
        "second": [teacher.write(fixed, single)] * len(ids),
        "nearest": [teacher.write(found[0], single) for found in near],
    }


def user_texts(
    model: Any, world: World, pairs: Sequence[tuple[str, str]], words: Words, seed: int
) -> tuple[np.ndarray, Texts]:
    """The same for pairs of users."""
    users, teacher, task = world.held_users, world.user_teacher(), "user_profile"
    vectors = np.stack([interpolate(users[a], users[b], SHARE, users.space) for a, b in pairs])
    first, second = ([teacher.write(pair[end], task) for pair in pairs] for end in (0, 1))
    mixed = TemplateTeacher({f"{a},{b}": mixed_users(world.user_facts[a], world.user_facts[b]) for a, b in pairs})
    texts = {"model": list(model.describe(vectors, task, seed=seed))}
    texts |= words([user_prompt(a, b, world.domain) for a, b in zip(first, second, strict=True)], task)
    return vectors, texts | {
        "teacher": [mixed.write(f"{a},{b}", task) for a, b in pairs],
        "shuffled": texts["model"][1:] + texts["model"][:1],
        "first": first,
        "second": second,
    }


def row(task: str, measure: str, scores: Mapping[str, np.ndarray], texts: Texts) -> dict[str, Any]:
    """Means by system, the paired test of the model against the base in words, and the first mixture's texts."""
    return {
        "task": task,
        "measure": measure,
        "n": len(scores["model"]),
        **{name: float(values.mean()) for name, values in scores.items()},
        "p_value": float(paired_test(scores["model"], scores["words"]).p_value),
        "texts": {name: texts[name][0] for name in ("model", "words", "chat") if name in texts},
    }


def films(
    model: Any, world: World, encoder: CachedEncoder, words: Words, tasks: Sequence[str], count: int, seed: int
) -> list[dict[str, Any]]:
    """A row per task; the fixed film is the first of the test films, the others are mixed with it."""
    fixed, *ids = world.film_split.test[: count + 1]
    rows = []
    for task in tasks:
        vectors, texts = film_texts(model, world, task, ids, fixed, world.film_split.train[0], words, seed)
        scores = {name: cosine(encoder.encode([t or "-" for t in found]), vectors) for name, found in texts.items()}
        rows.append(row(task, "SC", scores, texts))
    return rows


def users(
    model: Any, world: World, encoder: CachedEncoder, words: Words, count: int, seed: int
) -> list[dict[str, Any]]:
    """Two rows, NDCG and Spearman, by a ranker that was trained on the teacher's profiles of training users."""
    some = world.user_split.test
    drawn = np.random.default_rng(seed).permutation(len(some))[: 2 * (min(2 * count, len(some)) // 2)]
    pairs = [(some[a], some[b]) for a, b in zip(drawn[::2], drawn[1::2], strict=True)]
    teacher = world.user_teacher()
    ranker = TrainedRanker.fit(
        encoder, [teacher.write(u, "user_profile") for u in world.users.ids], world.users.vectors, world.items
    )
    vectors, texts = user_texts(model, world, pairs, words, seed)
    truth = vectors @ world.items.vectors.T
    gains = truth - truth.min(1, keepdims=True)
    orders = {name: ranker.scores(found) for name, found in texts.items()}
    orders["random"] = np.random.default_rng(seed).random(truth.shape)
    return [
        row("user_profile", "NDCG", {name: ndcg_graded(order, gains) for name, order in orders.items()}, texts),
        row("user_profile", "rank", {name: spearman(order, truth) for name, order in orders.items()}, texts),
    ]


def picture(rows: list[dict[str, Any]]) -> Figure:
    """Bars by task: the model, the base in words, a chat model, and the controls."""
    from matplotlib.figure import Figure

    colours = {
        "model": "#d1495b",
        "words": "#2e6f9e",
        "chat": "#7fb2d6",
        "first": "#8c8c8c",
        "second": "#b5b5b5",
        "shuffled": "#d9d9d9",
    }
    labels = {
        "model": "the model, from the vector",
        "words": "the same base, in words",
        "chat": "a chat model",
        "first": "text of one end",
        "second": "text of the other",
        "shuffled": "another mixture's text",
    }
    shown = [name for name in colours if name in rows[0]]
    figure = Figure(figsize=(1.3 * len(rows) + 2, 3.4), layout="constrained")
    axis = figure.subplots()
    for place, name in enumerate(shown):
        axis.bar(
            np.arange(len(rows)) + (place - len(shown) / 2) * 0.8 / len(shown),
            [r[name] for r in rows],
            0.8 / len(shown),
            color=colours[name],
            label=labels[name],
        )
    axis.set_xticks(
        range(len(rows)), [f"{r['task'].replace('_', ' ')}\n({r['measure']})" for r in rows], fontsize="small"
    )
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize="small")
    figure.suptitle("Halfway between two", fontweight="bold")
    return figure


def base_in_words(
    run: RunFolder, world: World, base: str, tasks: Sequence[str], options: argparse.Namespace
) -> tuple[Words, dict[str, float]]:
    """The base, trained on prompts in words, and a chat model where one is named."""
    llm, tokenizer = shipped_base() if base == "shipped" else load_llm(base)
    learned = taught(run, llm, tokenizer, world, tasks, options.steps, options.seed, options.batch_tokens)
    chat = None
    if options.endpoint:
        chat = ChatTeacher({}, options.model, options.endpoint, asking=Asking(max_tokens=400), cache=options.answers)
    return Words(llm, tokenizer, chat, options.seed), learned


def main() -> None:
    parser = arguments(__doc__, steps=400)
    parser.add_argument("--run", help="a run folder; by default the shipped model on the demo world")
    parser.add_argument("--base", help="the base that is asked in words; by default that of the model")
    parser.add_argument("--tasks", nargs="+", help="film tasks; by default those of the paper that the model learned")
    parser.add_argument("--films", type=int, default=60, help="held-out films that are mixed with the fixed one")
    parser.add_argument("--users", type=int, default=60, help="pairs of held-out users")
    parser.add_argument("--batch-tokens", type=int, default=2400, help="of the training in words")
    parser.add_argument("--endpoint", help="of a chat model, asked the same")
    parser.add_argument("--model", default="", help="the chat model's name there")
    parser.add_argument("--answers", help="the file that keeps its answers")
    options = parser.parse_args()
    if options.endpoint and not options.model:
        parser.error("an endpoint is asked for a model by name: give --model")
    settings = {name: getattr(options, name) for name in ("run", "base", "tasks", "steps", "seed", "batch_tokens")}
    with folder(options.out, {"experiment": "interpolations", **settings}) as run:
        model, world, config, encoder = described(options.run, run)
        learned = {task for adapter in model.adapters.values() for task in adapter.config.tasks}
        tasks = options.tasks or [task for task in (*TASKS, BETWEEN) if task in learned]
        words, about = base_in_words(run, world, options.base or config.base, tasks, options)
        rows = films(model, world, encoder, words, tasks, options.films, options.seed)
        rows += users(model, world, encoder, words, options.users, options.seed)
    frame = pd.DataFrame(rows).drop(columns="texts").round(3)
    frame["p_value"] = [f"{one['p_value']:.1g}" for one in rows]
    if not options.json:
        print(f"the base in words: {about['steps']} steps, loss {about['loss']:.3f}")
    report("interpolations", frame, rows, picture(rows), options)


if __name__ == "__main__":
    main()
