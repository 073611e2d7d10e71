"""Factors that clusters left: Spark's folders of part files, and what implicit saves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from elm._errors import DataFileError
from elm.embeddings import vector_table


def written(folder: Path, ids: list, vectors: np.ndarray, parts: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"id": ids, "features": list(vectors.astype(np.float32))})
    for number, rows in enumerate(np.array_split(np.arange(len(ids)), parts)):
        frame.iloc[rows].to_parquet(folder / f"part-{number:05}-c000.snappy.parquet", index=False)
    (folder / "_SUCCESS").touch()
    return folder


VECTORS = np.random.default_rng(0).standard_normal((30, 4))


def test_a_model_of_spark_is_one_space_in_however_many_parts(tmp_path: Path) -> None:
    for name, parts in (("one", 1), ("four", 4)):
        order = np.random.default_rng(parts).permutation(30)
        written(tmp_path / name / "itemFactors", [int(i) for i in order], VECTORS[order], parts)
        written(tmp_path / name / "userFactors", list(range(10)), VECTORS[:10] * 2, parts)
    one, four = (vector_table(tmp_path / name, name="als") for name in ("one", "four"))
    assert one.ids == [str(i) for i in range(30)]
    assert (one.space.metric, one.space.fingerprint) == ("dot", four.space.fingerprint)
    np.testing.assert_allclose(four["7"], VECTORS[7], rtol=1e-6)
    np.testing.assert_allclose(vector_table(tmp_path / "four", of="users")["7"], 2 * VECTORS[7], rtol=1e-6)


@pytest.mark.parametrize("damage", ["cut", "column", "twice", "length", "missing", "unfinished", "nothing"])
def test_bad_shards_are_told_with_their_name(tmp_path: Path, damage: str) -> None:
    folder = written(tmp_path / "f", list(range(20)), VECTORS[:20], 2)
    second = folder / "part-00001-c000.snappy.parquet"
    frame = pd.read_parquet(second)
    told = {
        "cut": "part-00001.* is cut off",
        "column": "part-00001.* has id, vector: 'features' is missing",
        "twice": r"'3' comes again in .*part-00001.* \(first in part-00000",
        "length": "part-00001.* have 2 numbers, the first 4",
        "missing": "part-00001.* an id and a list of numbers",
        "unfinished": "not written to its end",
        "nothing": "no vectors: its shards have no rows",
    }[damage]
    if damage == "cut":
        second.write_bytes(second.read_bytes()[:-20])
    elif damage == "column":
        frame.rename(columns={"features": "vector"}).to_parquet(second, index=False)
    elif damage == "twice":
        frame.assign(id=range(3, 13)).to_parquet(second, index=False)
    elif damage == "length":
        frame.assign(features=[row[:2] for row in frame["features"]]).to_parquet(second, index=False)
    elif damage == "missing":
        frame.assign(features=[None, *frame["features"][1:]]).to_parquet(second, index=False)
    elif damage == "unfinished":
        (folder / "_temporary").mkdir()
    else:
        for path in folder.glob("*.parquet"):
            whole = pq.read_table(path)
            pq.write_table(whole.slice(0, 0), path)
    with pytest.raises(DataFileError, match=told):
        vector_table(folder)


def test_what_implicit_saved_is_read_by_side(tmp_path: Path) -> None:
    np.savez(tmp_path / "als.npz", user_factors=VECTORS[:6], item_factors=VECTORS, factors=np.int64(4))
    items, users = (vector_table(tmp_path / "als.npz", of=of) for of in ("items", "users"))
    assert (len(items), len(users), items.space.metric) == (30, 6, "dot")
    written(tmp_path / "model" / "itemFactors", [1], VECTORS[:1], 1)
    with pytest.raises(DataFileError, match=r"userFactors is missing"):
        vector_table(tmp_path / "model", of="users")
