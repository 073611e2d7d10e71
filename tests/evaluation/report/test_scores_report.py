import io

import pytest
from rich.console import Console

from elm.evaluation import (
    consistency_table,
    facts_table,
    findings_table,
    loop_table,
    profile_table,
    rankers_table,
    scores_figure,
)

KINDS = ("overall", "setting", "protagonist", "conflict", "genres")
FILMS = {
    task: {
        "sc": 0.55,
        "sc_teacher": 0.6,
        "sc_nn": 0.5,
        "sc_shuffled": 0.35,
        "sc_random": 0.36,
        "sc_probe": 0.59,
        "rsc": 0.5,
        "rsc_interval": [0.4, 0.6],
        "p_value": 1e-9,
        "n": 50,
        "fact_precision": dict.fromkeys(KINDS, 0.97),
        "fact_recall": dict.fromkeys(KINDS, 0.96),
        "probe_precision": None,
        "probe_recall": None,
    }
    for task in ("summary", "five_positive")
}
USERS = {
    "user_profile": {
        "bc": 0.23,
        "bc_teacher": 0.25,
        "bc_shuffled": 0.08,
        "bc_random": 0.08,
        "bc_nn": 0.2,
        "bc_cf": 0.27,
        "bc_popular": 0.11,
        "rbc": 0.88,
        "p_value": 0.004,
        "n": 200,
    }
}


def shown(table):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_figure_has_a_bar_for_every_system_and_saves(tmp_path):
    figure = scores_figure(FILMS, USERS)
    films, users = figure.axes
    assert len(films.patches) == 2 * 6
    assert len(users.patches) == 5
    assert [bar.get_height() for bar in films.containers[3]] == [0.55, 0.55]
    assert [label.get_text() for label in users.get_xticklabels()] == ["user_profile\nrBC 0.88"]
    figure.savefig(tmp_path / "scores.png", dpi=60)
    assert (tmp_path / "scores.png").stat().st_size > 5000


def test_figure_with_one_panel_or_missing_numbers():
    bare = {"summary": {**FILMS["summary"], "sc_probe": None, "rsc": None}}
    axes = scores_figure(bare).axes
    assert len(axes) == 1
    assert axes[0].get_xticklabels()[0].get_text() == "summary\nrSC n/a"
    with pytest.raises(ValueError, match="at least one task"):
        scores_figure({}, {})


def test_what_each_ranker_can_tell_and_what_speaks_against_the_texts():
    row = USERS["user_profile"] | {"bc_teacher_shuffled": 0.07, "ranker_p": 1e-9}
    words = {"bc": 0.01, "bc_teacher": 0.02, "bc_teacher_shuffled": 0.019, "ranker_p": 0.41}
    text = shown(rankers_table({"user_profile": {**row, "rankers": {"bm25": words}}}))
    assert "trained" in text
    assert "< .001" in text
    assert "bm25" in text
    assert "0.410" in text
    assert shown(rankers_table(USERS)).count("user_profile") == 1  # scores of an older version have no other ranker
    assert findings_table(FILMS, USERS) is None
    sign = {"sign": "copy", "verdict": "no better than copying the nearest neighbour", "evidence": "p = 0.4, n = 9"}
    found = findings_table({"summary": {**FILMS["summary"], "findings": [sign]}}, USERS)
    assert "no better than copying the nearest neighbour: p = 0.4, n = 9" in shown(found)


def test_tables_show_the_numbers_and_a_dash_for_none():
    text = shown(consistency_table(FILMS))
    assert "0.97/0.96" in text
    assert "0.590" in text
    facts = shown(facts_table(FILMS))
    assert "0.97/0.96" in facts
    assert " - " in facts  # no probe
    assert "0.004" in shown(profile_table(USERS))
    assert "< .001" in shown(profile_table({"t": {**USERS["user_profile"], "p_value": 1e-9}}))
    loop = {"ndcg_elm": 0.31, "ndcg_teacher": 0.32, "ndcg_history": 0.4, "ndcg_popular": 0.2}
    text = shown(loop_table(loop, {"ndcg_genre_before": 0.1, "ndcg_genre_after": 0.5}))
    assert "profiles by the model" in text
    assert "0.500" in text
    assert "other users" not in text
