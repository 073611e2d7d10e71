"""The report: what its page shows, verdicts by construction, files that belong together, nothing from elsewhere."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elm._errors import CallError, DataFileError
from elm.evaluation import BenchReport, margins_figure, page, report_tests, standing_figure, verdicts
from elm.evaluation.report._figures import svg

EVIL = "<script>alert(1)</script><img src=http://example.org/x onerror=alert(2)>"
SYSTEMS = {"model": 0.8, "teacher": 0.82, "nn": 0.5, "shuffled": 0.3, "random": 0.3, "teacher_shuffled": 0.3}


def frame(section: str = "consistency", task: str = "summary", n: int = 30, **systems: float) -> pd.DataFrame:
    """n entities; each system around its mean, with a spread of 0.05."""
    rng = np.random.default_rng(0)
    measure = "SC" if section == "consistency" else "BC"
    rows = [
        (section, task, measure, system, f"f{k}", mean + 0.05 * rng.standard_normal())
        for system, mean in (SYSTEMS | systems).items()
        for k in range(n)
    ]
    return pd.DataFrame(rows, columns=["section", "task", "measure", "system", "id", "value"])


def report(scores: pd.DataFrame | None = None, text: str = "A text.", **row: Any) -> BenchReport:
    scores = frame() if scores is None else scores
    pairs = scores[["task", "system", "id"]].drop_duplicates()
    texts = pairs.assign(text=[f"{text} ({s} {i})" for s, i in zip(pairs["system"], pairs["id"], strict=True)])
    told = {"rsc": 0.94, "rsc_interval": [0.9, 0.98], "rbc": 0.9, "rbc_interval": [0.8, 1.0], "n": 30, **row}
    values = {section: dict.fromkeys(group["task"].unique(), told) for section, group in scores.groupby("section")}
    about = {"title": "my run", "world": {"domain": "films", "seed": 3}, "settings": {"training": {"steps": 400}}}
    return BenchReport(about, values, scores, texts[["task", "system", "id", "text"]], {"f1": "Heat (1995)"})


def verdict(**systems: float) -> str:
    (found,) = verdicts(report_tests(frame(**systems))).values()
    return found


def test_verdicts_of_planted_scores() -> None:
    assert verdict() == "holds"
    assert verdict(model=0.5) == "copies"
    assert verdict(model=0.3) == "fails"
    assert verdict(model=0.5, random=0.5) == "fails"
    assert verdict(model=0.9, teacher=0.3) == "unclear"
    tests = report_tests(frame())
    name = ("consistency", "summary")
    assert verdicts(tests, {name: {"ids", "copy"}}) == {name: "suspect"}
    assert verdicts(tests, {name: {"copy"}}) == {name: "holds"}
    assert tests["system"].tolist() == ["model"] * 3 + ["teacher"]
    assert tests["control"].tolist()[-1] == "teacher_shuffled"
    without = frame().query("system != 'teacher_shuffled'")
    assert report_tests(without)["control"].tolist()[-1] == "shuffled"


def test_two_entities_prove_nothing() -> None:
    (found,) = verdicts(report_tests(frame(n=2))).values()
    assert found in ("unclear", "fails")


class Elements(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_and_takes_nothing_from_elsewhere() -> None:
    scores = pd.concat([frame(), frame("profile", "user_profile", cf=0.85), frame("behaviour", "summary")])
    source = page(report(scores))
    found = Elements(source)
    assert not [tag for tag, _ in found.tags if tag in ("script", "link", "iframe", "img", "object", "base")]
    for tag, attributes in found.tags:
        for name, value in attributes.items():
            assert name != "src", tag
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "xlink:href"):
                assert str(value).startswith("#"), value
    assert "url(http" not in source
    assert "@import" not in source
    assert "default-src 'none'" in source
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for words in (
        "my run",
        "30 films and 30 viewers that were held out",
        "0.94",
        "0.90 to 0.98",
        "holds",
        "training.steps",
        "400",
        "world.seed",
    ):
        assert words in found.text, words
    assert len([tag for tag, _ in found.tags if tag == "svg"]) == 6


def test_every_text_is_escaped() -> None:
    scores = frame(task=EVIL)
    one = report(scores, text=EVIL, findings=[{"sign": "ids", "verdict": EVIL, "evidence": EVIL}])
    names = {f"f{k}": EVIL for k in range(30)}
    evil = BenchReport(
        {"title": EVIL, "world": {"domain": "films", EVIL: EVIL}, "source": {"folder": EVIL}},
        one.scores,
        one.frame,
        one.texts,
        names,
    )
    found = Elements(page(evil))
    assert not [tag for tag, _ in found.tags if tag in ("script", "img")]
    assert not [a for _, attributes in found.tags for a in attributes if a.startswith("on")]
    assert found.text.count(EVIL) > 20


def test_good_and_bad_examples_are_those_with_the_highest_and_the_lowest_score() -> None:
    scores = frame()
    ours = scores[scores["system"] == "model"].sort_values("value")["id"].tolist()
    source = page(report(scores), examples=2)
    heads = re.findall(r"<h3>(best|worst): (.+?) <span", source)
    named = [{"f1": "Heat (1995) (f1)"}.get(id, id) for id in ours]
    assert heads == [("best", named[-1]), ("best", named[-2]), ("worst", named[0]), ("worst", named[1])]
    few = page(report(frame(n=3)), examples=2)
    assert len(re.findall(r"<h3>(?:best|worst): ", few)) == 3  # nobody is both


def test_remarks_come_before_the_figures() -> None:
    signs = [{"sign": "ids", "verdict": "no better than copying", "evidence": "p = 0.4"}]
    source = page(report(findings=signs, trained=12, left_out={"untrained": "no base model"}))
    for words in ("no better than copying (p = 0.4)", "12 of 30 were trained on", "untrained was not scored: no base"):
        assert source.index(words) < source.index("How to read this")
    assert "Some of them were trained on" in source
    assert "held out: none" not in source
    assert re.search(r'class="verdict suspect">suspect', source)


def test_a_report_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = report(text='"Quotes", commas,\nlines and NA; "')
    written.frame.loc[0, "value"] = float("nan")
    assert written.save(tmp_path) == tmp_path / "report.html"
    for path in (tmp_path, tmp_path / "report.json"):
        again = BenchReport.load(path)
        pd.testing.assert_frame_equal(again.frame, written.frame, check_dtype=False, rtol=1e-12)
        pd.testing.assert_frame_equal(again.texts, written.texts.reset_index(drop=True), check_dtype=False)
        assert (again.about, again.scores, again.names) == (written.about, written.scores, written.names)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["verdicts"] == [{"section": "consistency", "task": "summary", "verdict": "holds"}]
    assert {test["control"] for test in told["tests"]} == {"nn", "random", "shuffled", "teacher_shuffled"}
    first = (tmp_path / "report.html").read_bytes()
    written.save(tmp_path)
    assert (tmp_path / "report.html").read_bytes() == first  # the same report gives the same bytes


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"holds no report\.json; make one with `elm bench consistency RUN`"):
        BenchReport.load(tmp_path)
    report().save(tmp_path)
    (tmp_path / "scores.csv").write_text("section,task\n")
    with pytest.raises(DataFileError, match=r"scores\.csv is not the table that its report\.json describes"):
        BenchReport.load(tmp_path)
    (tmp_path / "scores.csv").unlink()
    with pytest.raises(DataFileError, match=r"scores\.csv is not the table"):
        BenchReport.load(tmp_path)
    (tmp_path / "report.json").write_text('{"schema": 99}')
    with pytest.raises(DataFileError, match=r"report\.json is no report of this version"):
        BenchReport.load(tmp_path)


def test_no_scores_no_report() -> None:
    with pytest.raises(CallError, match="at least one task, got none"):
        page(report(frame().iloc[:0]))


def test_figures_show_every_task_and_take_the_colour_of_the_page() -> None:
    scores = pd.concat([frame(), frame(task="a<b $x")])
    standing = standing_figure(scores, "consistency")
    drawn = svg(standing, "one")
    assert drawn == svg(standing_figure(scores, "consistency"), "one")
    assert not set(re.findall(r'\bid="([^"]+)"', drawn)) & set(re.findall(r'\bid="([^"]+)"', svg(standing, "two")))
    ET.fromstring(drawn)  # well-formed: "a<b" is escaped
    assert "currentColor" in drawn
    assert "#000000" not in drawn
    assert [t.get_text() for t in standing.axes[0].get_yticklabels()] == ["summary", "a<b $x"]
    margins = margins_figure(scores, "consistency")
    assert "100%" in svg(margins, "m")
    (model,) = [line for line in standing.axes[0].lines if line.get_label() == "the model"]
    means = scores.query("system == 'model'").groupby("task", sort=False)["value"].mean()
    assert np.asarray(model.get_xdata()) == pytest.approx(means.to_numpy())


def test_figures_of_sections_that_are_not_there() -> None:
    with pytest.raises(CallError, match=r"needs scores of section 'profile'; there are: \['consistency'\]"):
        standing_figure(frame(), "profile")
    with pytest.raises(CallError, match="scores of the model and of 'bm25'"):
        margins_figure(frame(), "consistency", control="bm25")
