import numpy as np
import pandas as pd
import pytest

from elm.embeddings import EmbeddingSpace, VectorTable, export_map, nearest, space_map


@pytest.fixture(params=["cosine", "dot"])
def table(request):
    rng = np.random.default_rng(0)
    centres = np.repeat(4 * np.eye(8)[:3], 20, axis=0)
    vectors = centres + rng.normal(0, 0.3, size=(60, 8))
    space = EmbeddingSpace.fit("three", vectors, request.param, {}, "t")
    return VectorTable([f"i{n}" for n in range(60)], vectors, space)


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_three_heaps_stay_three_heaps(table, method):
    frame = space_map(table, method, seed=1)
    places = frame[["projection_x", "projection_y"]].to_numpy().reshape(3, 20, 2)
    centres = places.mean(1)
    within = np.linalg.norm(places - centres[:, None], axis=-1).max()
    between = min(np.linalg.norm(centres[a] - centres[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert between > 2 * within
    assert list(frame.index) == table.ids


def test_a_seed_gives_one_map_and_neighbours_are_the_nearest_others(table):
    frame, again = space_map(table, neighbours=5), space_map(table, neighbours=5)
    pd.testing.assert_frame_equal(frame, again)
    ids, _ = nearest(table, table["i7"], 5, exclude=["i7"])
    near = frame.loc["i7", "neighbors"]
    assert [table.ids[row] for row in near["ids"]] == ids[0]
    assert near["distances"] == sorted(near["distances"])
    assert near["distances"][0] >= 0


def test_the_parquet_file_carries_the_map_and_what_stands_beside_it(table, tmp_path):
    beside = pd.DataFrame({"title": [f"Film {i}" for i in table], "funny": range(60)}, index=table.ids)
    path = export_map(space_map(table, "pca", neighbours=3), tmp_path / "maps" / "films.parquet", beside)
    back = pd.read_parquet(path)
    assert list(back) == ["id", "projection_x", "projection_y", "neighbors", "title", "funny"]
    assert len(back["neighbors"][0]["ids"]) == len(back["neighbors"][0]["distances"]) == 3
    assert back["title"][5] == "Film i5"


def test_wrong_calls(table, tmp_path):
    with pytest.raises(ValueError, match="got 60 and 60"):
        space_map(table, neighbours=60)
    with pytest.raises(ValueError, match="'tsne' or 'pca', got 'umap'"):
        space_map(table, "umap")
    frame = space_map(table, "pca")
    with pytest.raises(ValueError, match="without a row: 59"):
        export_map(frame, tmp_path / "a.parquet", pd.DataFrame({"title": ["x"]}, index=["i0"]))
    with pytest.raises(ValueError, match="named twice: neighbors"):
        export_map(frame, tmp_path / "a.parquet", frame[["neighbors"]])
    assert not (tmp_path / "a.parquet").exists()
