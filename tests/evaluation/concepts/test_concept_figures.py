import numpy as np
import pandas as pd
import pytest

from elm.embeddings import space_map
from elm.evaluation import AlongScores, along_figure, concepts_figure, map_figure


def scores(concept=True):
    rng = np.random.default_rng(0)
    systems = {name: rng.random((6, 3)) for name in ("model", "shuffled", "still", "nn")}
    return AlongScores(
        "sc",
        "summary",
        (-1.0, 0.0, 1.0),
        list("abcdef"),
        [["x"] * 6] * 3,
        systems,
        rng.random((6, 3)) if concept else np.zeros((0, 0)),
    )


def test_a_way_shows_the_model_its_controls_and_the_concept(tmp_path):
    figure = along_figure({"funny": scores(), "dark": scores()})
    assert len(figure.axes) == 4
    drawn = figure.axes[0].get_lines()
    assert drawn[0].get_label() == "the model's text"
    np.testing.assert_allclose(drawn[0].get_ydata(), scores().scores["model"].mean(0))
    figure.savefig(tmp_path / "a.png")
    assert len(along_figure({"mixture": scores(concept=False)}).axes) == 1
    mixed = along_figure({"funny": scores(), "mixture": scores(concept=False)}).axes
    assert [axis.get_visible() for axis in mixed] == [True, True, True, False]
    assert [axis.get_xlabel() for axis in mixed] == ["", "amount", "amount", ""]


def test_concepts_are_bars_in_the_order_of_their_auc():
    report = pd.DataFrame({"auc": [0.9, 0.6], "auc_popularity": [0.55, 0.7]}, index=["funny", "odd"])
    axis = concepts_figure(report).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["odd", "funny"]
    assert [bar.get_width() for bar in axis.patches] == pytest.approx([0.1, 0.4])


def test_a_map_names_what_is_marked(axes):
    frame = space_map(axes.table, "pca")
    figure = map_figure(frame, pd.Series(axes.table.vectors[:, 0], index=axes.table.ids, name="joke"), ["i3"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["i3"]
    with pytest.raises(ValueError, match="'nobody' is not"):
        map_figure(frame, marked=["nobody"])


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="at least one way"):
        along_figure({})
    with pytest.raises(ValueError, match="a column auc"):
        concepts_figure(pd.DataFrame())
