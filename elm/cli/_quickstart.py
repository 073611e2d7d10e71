"""`elm quickstart`: the whole idea at work, in one command."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from elm.cli._options import Json, Quiet, Seed


def quickstart(
    out: Annotated[Path | None, typer.Option(help="Run folder; runs/quickstart by default.")] = None,
    short: Annotated[
        bool, typer.Option("--short", help="Every step, but too few to learn from: a smoke test.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again instead of resuming.")] = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    json_mode: Json = False,
) -> None:
    """Train fresh adapters on the demo world and walk the whole loop, with scores (about five minutes, two cores).

    An interrupted run goes on where it was when the same command is called again. Example: elm quickstart
    """
    from dataclasses import replace

    from elm.cli._output import emit, is_quiet, remark
    from elm.runs import QUICK, SHORT, quickstart

    began = time.perf_counter()
    folder = out or Path("runs") / ("quickstart-short" if short else "quickstart")
    config = SHORT if short else QUICK
    config = replace(config, training=replace(config.training, seed=seed))
    show = _show_nothing if json_mode else show_step
    result = quickstart(folder, config, fresh=fresh, progress=not is_quiet(), show=show)
    remark(f"{folder}: {time.perf_counter() - began:.0f} s; picture of the scores: {folder / 'scores.png'}")
    emit(result, json_mode, lambda: None)


def _show_nothing(name: str, value: dict[str, Any]) -> None:
    """In JSON mode the result is printed whole, at the end."""


def show_step(name: str, value: dict[str, Any]) -> None:
    """Print what one step found, for a person."""
    from elm.cli._output import echo

    echo()
    _SHOWN[name](value)


def _embed(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, heading

    data, order = value["dataset"], value["rating_order"]
    heading("1  Vectors")
    echo(f"   {data['films']:,} films, {data['users']:,} users, {data['ratings']:,} ratings ({data['name']})")
    echo(f"   film vectors: {value['films']['dim']} numbers each, from texts by {value['films']['encoder']}")
    users = value["users"]
    echo(f"   user vectors: {users['dim']} numbers each, from ratings by WALS; {users['held_out']} users held out")
    echo(f"   the dot product orders held-out ratings at Spearman {order['spearman']:.2f} (AUC {order['auc']:.2f})")


def _train(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, heading

    heading("2  Two adapters and a language model learn to read them")
    for name, label in (("stage_one", "stage one, adapters alone"), ("stage_two", "stage two, adapters and model")):
        stage = value[name]
        speed = f"{stage['seconds']:.0f} s, {stage['tokens_per_second']:,} tokens per second"
        echo(f"   {label}: loss {stage['loss']:.3f}, {speed}")


def _describe(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, echo_lines, heading

    heading(f"3  A film it has never seen: {value['title']}")
    echo("   its facts:")
    echo_lines(_indented(value["facts"]))
    for text in value["texts"]:
        label = text["task"] if not text["item"].startswith("halfway") else f"{text['task']}, {text['item']}"
        echo(f"   [{label}]")
        echo_lines(_indented(text["text"]))


def _recommender(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, heading

    heading("4  A recommender that reads profiles")
    found = value["validation"]
    parts = ", ".join(f"{k.removeprefix('ndcg_')} {v:.3f}" for k, v in found.items() if k != "ndcg")
    echo(f"   Multi-VAE and an aligned text encoder over {value['items']:,} films")
    echo(f"   NDCG@20 of users held out for validation: {parts}")


def _edit_one(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, echo_lines, heading, table

    heading(f"5  User {value['user']}: the profile, an edit ({value['favourite']} out, {value['least']} in), the list")
    echo_lines(_indented(value["profile"]))
    echo("   what the edit changes:")
    lines = zip(value["profile"].splitlines(), value["edited"].splitlines(), strict=True)
    echo_lines(_indented("\n".join(new for old, new in lines if old != new)))
    seen = {place["item"] for place in value["before"]}
    rows = [
        (number, _film(old), _film(new, mark="" if new["item"] in seen else "+ "))
        for number, (old, new) in enumerate(zip(value["before"], value["after"], strict=True), start=1)
    ]
    table(("", "before the edit", "after (+: new in the list)"), rows, words=(1, 2))


def _film(place: dict[str, Any], mark: str = "") -> str:
    return f"{mark}{place['title']} ({', '.join(place['genres'])})"


def _score(value: dict[str, Any]) -> None:
    from elm.cli._output import console, heading
    from elm.evaluation import consistency_table, facts_table, profile_table

    heading("6  Scores on held-out films and users, with controls that must fail")
    console().print(
        consistency_table(value["consistency"]), facts_table(value["consistency"]), profile_table(value["profile"])
    )


def _loop(value: dict[str, Any]) -> None:
    from elm.cli._output import console, heading
    from elm.evaluation import loop_table

    heading("7  The loop, over held-out users")
    console().print(loop_table(value["loop"], value["edit"]))


def _steer(value: dict[str, Any]) -> None:
    from elm.cli._output import echo, echo_lines, heading, table

    heading(f"8  The concept {value['concept']!r} as a direction (held-out AUC {value['auc']:.2f})")
    rows = [
        (_signed(a), f"{s:+.2f}", f"{r:+.2f}")
        for a, s, r in zip(value["amounts"], value["score_along_concept"], value["score_along_random"], strict=True)
    ]
    table(("amount", "concept in the text", "along a random direction"), rows)
    for amount in ("-2.0", "2.0"):
        echo(f"   {value['example']['title']}, moved by {_signed(float(amount))}:")
        echo_lines(_indented(value["example"]["texts"][amount]))
    users = value["users"]
    moved = ", ".join(
        f"{_signed(a)}: {v:.2f}" for a, v in zip(users["amounts"], users["concept_of_lists"], strict=True)
    )
    echo(f"   {users['n']} users moved along it: how {value['concept']} the films are that their new profiles bring")
    echo(f"      {moved}")


def _signed(amount: float) -> str:
    return f"{amount:+g}" if amount else "0"


def _shipped(value: dict[str, Any]) -> None:
    from elm.cli._output import console, heading
    from elm.evaluation import consistency_table, profile_table

    heading("9  The adapters that ship with the package, trained longer, on the same films and users")
    console().print(consistency_table(value["consistency"]), profile_table(value["profile"]))


def _indented(text: str) -> str:
    import textwrap

    lines = [wrapped for line in text.splitlines() for wrapped in textwrap.wrap(line, 92) or [""]]
    return "\n".join(f"      {line}" for line in lines)


_SHOWN = {
    "embed": _embed,
    "train": _train,
    "describe": _describe,
    "recommender": _recommender,
    "edit_one": _edit_one,
    "score": _score,
    "loop": _loop,
    "steer": _steer,
    "shipped": _shipped,
}
