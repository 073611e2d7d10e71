"""The toy of the ELM paper (Appendix D): [1, 0] is to be read as "one", [0, 1] as "two", with no text in the prompt.

    OMP_NUM_THREADS=1 python benchmarks/toy.py [--steps 20000] [--seeds 3] [--lr 1e-3 ...] [--out FOLDER]

Two stages (the adapter alone for 500 steps, then all weights for 500 at most) against one (all weights from the first
step, for --steps at most), on a pretrained base, at several learning rates and seeds. A stage ends early once both
vectors have been read rightly for 200 steps on end; with --held 0 it goes on to its last step. The paper's large model
never learned it in one stage: it came to say one of the two words whatever it read. "collapsed": one text for both
vectors at the end; "median_steps", "latest": steps until both were right for good.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from _experiment import arguments, folder, report

from elm.adapters import MLPAdapter
from elm.embeddings import EmbeddingSpace, VectorTable
from elm.model import EmbeddingLanguageModel, load_llm, shipped_base, token_spread
from elm.tasks import VECTOR, Task, TemplateTeacher
from elm.training import Lessons, LoopConfig, TwoStage, Validation, train_two_stage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORDS = {"v1": "one", "v2": "two"}
READ = Task("toy", "item", VECTOR, lambda word, rng: str(word), max_new_tokens=4)
RATES = (1e-4, 1e-3, 1e-2, 1e-1)
STAGE = 500  # steps of each of two stages, at most
EVERY = 20  # steps between readings


class Watch:
    """Has both vectors read now and then, over all stages; `missed` is the last step at which one was misread."""

    def __init__(self) -> None:
        self.before, self.step, self.missed, self.texts = 0, 0, 0, ["", ""]

    def __call__(self, model: EmbeddingLanguageModel, step: int) -> dict[str, float]:
        self.step, self.texts = self.before + step, model.describe(np.eye(2, dtype=np.float32), READ)
        if self.texts != list(WORDS.values()):
            self.missed = self.step
        return {"missed": self.missed}

    def end_stage(self, name: str, result: Any) -> None:
        self.before = self.step


def toy(base: str, seed: int) -> tuple[EmbeddingLanguageModel, list[Lessons]]:
    """A pretrained base with a fresh adapter of one soft token, and the two examples."""
    llm, tokenizer = shipped_base() if base == "shipped" else load_llm(base)
    vectors = np.eye(2, dtype=np.float32)
    table = VectorTable(list(WORDS), vectors, EmbeddingSpace.fit("toy", vectors, "dot", {}, "toy"))
    torch.manual_seed(seed)
    width = llm.get_input_embeddings().weight.shape[1]
    adapter = MLPAdapter.for_space(table.space, width, (READ.id,), token_spread(llm), soft_tokens=1, hidden=64)
    lessons = Lessons("toy", table, TemplateTeacher(WORDS, seed), (READ,), table.ids)
    return EmbeddingLanguageModel(llm, tokenizer, {"toy": adapter}), [lessons]


def train(base: str, regime: str, lr: float, seed: int, steps: int, held: int) -> dict[str, Any]:
    """One training -> when both were read rightly for good, and what is read at the end."""
    model, lessons = toy(base, seed)
    one, two = (min(STAGE, steps // 2),) * 2 if regime == "two stages" else (0, steps)
    loop = {"lr": lr, "warmup": 20, "schedule": "constant"}
    watch = Watch()
    # The last miss stops rising once all is right, and then patience runs out; the alarm is of no use here.
    validation = Validation(watch, EVERY, "missed", patience=held // EVERY, keep_best=False, enough=0.0)
    config = TwoStage(LoopConfig(one, **loop), LoopConfig(two, **loop), batch_tokens=80, seed=seed)
    train_two_stage(model, lessons, config, progress=False, after_stage=watch.end_stage, validation=validation)
    right = [text == word for text, word in zip(watch.texts, WORDS.values(), strict=True)]
    return {
        "regime": regime,
        "lr": lr,
        "seed": seed,
        "steps": watch.step,
        "texts": watch.texts,
        "accuracy": sum(right) / 2,
        "learned_at": watch.missed + EVERY if all(right) else None,
        "collapsed": watch.texts[0] == watch.texts[1],
    }


def summary(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A line a regime and learning rate, over seeds."""
    grouped = pd.DataFrame(rows).astype({"learned_at": float}).groupby(["regime", "lr"], sort=False)
    return grouped.agg(
        seeds=("seed", "size"),
        learned=("accuracy", lambda a: float((a == 1).mean())),
        median_steps=("learned_at", "median"),
        latest=("learned_at", "max"),
        collapsed=("collapsed", "mean"),
        most_steps=("steps", "max"),
    ).reset_index()


def picture(rows: list[dict[str, Any]]) -> Figure:
    """Steps until both words are right, by learning rate; crosses at the top were never."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axis = figure.subplots()
    for regime, colour, shift in (("two stages", "#2e6f9e", 0.93), ("one stage", "#d1495b", 1.07)):
        own = [row for row in rows if row["regime"] == regime]
        for reached, marker in ((True, "o"), (False, "x")):
            some = [row for row in own if (row["learned_at"] is not None) == reached]
            label = f"{regime}{'' if reached else ': never'}"
            axis.plot(
                [row["lr"] * shift for row in some],
                [row["learned_at"] or row["steps"] for row in some],
                marker,
                color=colour,
                label=label if some else None,
            )
    axis.set(
        xscale="log", yscale="log", ylim=(10, 40_000), xlabel="learning rate", ylabel="steps until both words are right"
    )
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize="small")
    figure.suptitle("The toy: two stages against one", fontweight="bold")
    return figure


def main() -> None:
    parser = arguments(__doc__, steps=20_000, seeds=3)
    parser.add_argument("--base", default="shipped", help="shipped, a folder, or a Hub id")
    parser.add_argument("--lr", type=float, nargs="+", default=list(RATES))
    parser.add_argument("--held", type=int, default=200, help="steps of right readings that end a stage; 0: none do")
    parser.add_argument("--stages", type=int, nargs="+", choices=(1, 2), default=[2, 1], help="the regimes to train in")
    options = parser.parse_args()
    rows = []
    settings = {"experiment": "toy", "base": options.base, "steps": options.steps, "held": options.held}
    regimes = {2: ("two stages", min(2 * STAGE, options.steps)), 1: ("one stage", options.steps)}
    with folder(options.out, settings) as run:
        for regime, most in (regimes[stages] for stages in options.stages):
            for lr in options.lr:
                for seed in range(options.seed, options.seed + options.seeds):
                    name = f"{regime.replace(' ', '-')}-{lr:g}-{seed}"
                    work = partial(train, options.base, regime, lr, seed, most, options.held)
                    rows.append(run.step(name, work))
    report("toy", summary(rows), rows, picture(rows), options)


if __name__ == "__main__":
    main()
