"""A job writes what `describe` writes, goes on where it was ended, and refuses what is not its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny_elm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_elm import SAY

from elm._errors import CallError, DataFileError, EngineError, FolderBusyError, OutsideDataWarning, VectorError
from elm._storage.folders import hold
from elm.bulk import Order, TransformersEngine, describe_table, model_hash
from elm.model import EmbeddingLanguageModel

HERE = Path(__file__).parent
ROWS, SHARD = 24, 10
ORDER = Order(SAY, seed=2, temperature=0.7, batch_size=4)
pytestmark = pytest.mark.filterwarnings("ignore::elm._errors.OutsideDataWarning")


@pytest.fixture(scope="module")
def model() -> EmbeddingLanguageModel:
    return tiny_elm.model()


@pytest.fixture(scope="module")
def texts(model: EmbeddingLanguageModel) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.describe(tiny_elm.table(ROWS), SAY, seed=2, temperature=0.7, batch_size=4)


def write(engine: Any, out: Path, source: Any = None, order: Order = ORDER, **options: Any) -> Any:
    return describe_table(
        engine, tiny_elm.table(ROWS) if source is None else source, out, order, shard_rows=SHARD, **options
    )


class Stops(TransformersEngine):
    """An engine that stops after so many shards."""

    def __init__(self, model: EmbeddingLanguageModel, after: int) -> None:
        super().__init__(model)
        self.after = after
        self.asked: list[int] = []

    def shards(self, work: Any, numbers: Any, told: Any) -> Iterator[tuple[int, Any]]:
        self.asked = list(numbers)
        yield from super().shards(work, self.asked[: self.after], told)
        if self.after < len(self.asked):
            raise EngineError("it stopped")


@pytest.mark.parametrize("name", ["texts.parquet", "texts"])
def test_texts_are_those_of_describe(
    model: EmbeddingLanguageModel, texts: list[str], tmp_path: Path, name: str
) -> None:
    done = write(model, tmp_path / name)
    found = pd.read_parquet(tmp_path / name)
    assert list(found.columns) == ["row", "id", "text", "problem"]
    assert found.text.tolist() == texts
    assert found.id.tolist() == tiny_elm.table(ROWS).ids
    assert found.row.tolist() == list(range(ROWS))
    assert found.problem.isna().all()
    assert (done.rows, done.bad, done.before) == (ROWS, 0, 0)
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {name}  # and nothing is left over


@pytest.mark.slow
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 30), st.integers(1, 30))
def test_a_text_is_the_same_in_any_shard_and_batch(
    model: EmbeddingLanguageModel, texts: list[str], tmp_path_factory: pytest.TempPathFactory, shard: int, batch: int
) -> None:
    out = tmp_path_factory.mktemp("job") / "texts.parquet"
    order = Order(SAY, seed=2, temperature=0.7, batch_size=batch)
    describe_table(model, tiny_elm.table(ROWS), out, order, shard_rows=shard)
    assert pd.read_parquet(out).text.tolist() == texts


def test_an_engine_that_stops_loses_what_it_had_not_given(
    model: EmbeddingLanguageModel, tmp_path: Path, texts: list[str]
) -> None:
    write(model, tmp_path / "whole.parquet")
    with pytest.raises(EngineError):
        write(Stops(model, 1), tmp_path / "texts.parquet")
    assert not (tmp_path / "texts.parquet").exists()
    again = Stops(model, 99)
    assert write(again, tmp_path / "texts.parquet").before == SHARD
    assert again.asked == [1, 2]
    assert (tmp_path / "texts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    last = Stops(model, 0)
    assert write(last, tmp_path / "texts.parquet").before == ROWS  # all is there
    assert last.asked == []


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, which this system cannot")
def test_killed_jobs_end_with_the_same_bits(tmp_path: Path) -> None:
    paths = [str(HERE.parents[1]), str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    kills = os.environ.get("ELM_KILLS", "4")
    command = [sys.executable, "-W", "ignore", str(HERE / "killed_job.py"), str(tmp_path), kills, "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["committed"] == sorted(told["committed"])  # what was committed stays
    assert told["before"] > 0
    assert told["before"] in (told["committed"][-1] * 16, told["rows"])  # all of it, where a child was quicker
    assert (tmp_path / "whole.parquet").read_bytes() == (tmp_path / "killed.parquet").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"whole.parquet", "killed.parquet"}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("task", {"order": Order("other", seed=2, temperature=0.7, batch_size=4)}),
        ("seed", {"order": Order(SAY, seed=3, temperature=0.7, batch_size=4)}),
        ("batch_size", {"order": Order(SAY, seed=2, temperature=0.7, batch_size=5)}),
        ("source", {"source": tiny_elm.table(ROWS, seed=1)}),
        ("model", {"model": tiny_elm.model(seed=1)}),
        ("skip_bad", {"skip_bad": True}),
    ],
)
def test_going_on_with_anything_else_is_refused(
    model: EmbeddingLanguageModel, tmp_path: Path, name: str, change: dict[str, Any]
) -> None:
    with pytest.raises(EngineError):
        write(Stops(model, 1), tmp_path / "texts.parquet")
    other, changed = change.get("model", model), {k: v for k, v in change.items() if k != "model"}
    with pytest.raises(CallError, match=rf"was begun with other values of {name}:"):
        write(other, tmp_path / "texts.parquet", **changed)
    write(model, tmp_path / "texts.parquet")
    with pytest.raises(CallError, match="is there already and holds something else"):
        write(other, tmp_path / "texts.parquet", **changed)


def test_a_wrong_call_leaves_nothing_in_the_way(model: EmbeddingLanguageModel, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="was not trained for toy"):
        write(model, tmp_path / "texts.parquet", order=Order("summary"))
    assert not list(tmp_path.iterdir())
    with pytest.raises(VectorError, match="no adapter reads vectors of 5 numbers"):
        write(model, tmp_path / "texts.parquet", source=tiny_elm.vectors(4, 5))
    write(model, tmp_path / "texts.parquet")


def test_other_peoples_files_are_left_alone(model: EmbeddingLanguageModel, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(CallError, match="holds other files"):
        write(model, tmp_path / "mine")
    (tmp_path / "mine.parquet").write_text("keep")
    with pytest.raises(CallError, match="is there already"):
        write(model, tmp_path / "mine.parquet")
    assert (tmp_path / "mine.parquet").read_text() == (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_one_process_at_a_time(model: EmbeddingLanguageModel, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    program = "import sys, time; from elm._storage.folders import hold; held = hold(sys.argv[1]); print(1, flush=True)"
    program += "; time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, cwd=HERE.parents[1])
    try:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(FolderBusyError):
            write(model, folder)
    finally:
        other.kill()
        other.wait()
    held = hold(folder)  # the same process may
    write(model, folder)
    del held


def test_a_part_that_was_damaged_or_is_anothers_is_written_again(
    model: EmbeddingLanguageModel, tmp_path: Path, texts: list[str]
) -> None:
    write(model, tmp_path / "texts")
    first, second = (tmp_path / "texts" / f"part-{number:08d}.parquet" for number in (0, 1))
    first.write_bytes(first.read_bytes()[:-50])
    pq.write_table(pq.read_table(second).replace_schema_metadata({"elm_job": "another"}), second)
    assert write(model, tmp_path / "texts").before == ROWS - 2 * SHARD
    assert pd.read_parquet(tmp_path / "texts").text.tolist() == texts


BAD = {
    "id": ["a", None, "c", "d", "e", "a"],
    "vector": [*tiny_elm.vectors(2).tolist(), [1.0], None, [float("nan")] * 6, tiny_elm.vectors(2).tolist()[0]],
}
REASONS = {
    1: "it has no id",
    2: "its vector has 1 numbers, not 6",
    3: "it has no vector",
    4: "its vector holds NaN, infinity or a number too large for float32",
    5: "its id is that of an earlier row",
}


def test_bad_rows_are_errors_or_told_of(model: EmbeddingLanguageModel, tmp_path: Path) -> None:
    pq.write_table(pa.table(BAD), tmp_path / "bad.parquet")
    out = tmp_path / "texts.parquet"
    with pytest.raises(CallError, match=r"ids of a table are unique.*'a' \(row 5\) is that of an earlier row"):
        write(model, out, tmp_path / "bad.parquet")
    done = write(model, out, tmp_path / "bad.parquet", skip_bad=True)
    assert done.bad == 5
    found = pd.read_parquet(out)
    assert found.problem.dropna().to_dict() == REASONS
    assert found.text.notna().tolist() == [True] + [False] * 5
    assert found.text[0] == model.describe(tiny_elm.vectors(2)[:1], SAY, seed=2, temperature=0.7)[0]
    assert write(model, out, tmp_path / "bad.parquet", skip_bad=True) == done.__class__(out, 6, 5, 6)

    pq.write_table(pa.table(BAD).slice(0, 5), tmp_path / "bad.parquet")
    with pytest.raises(VectorError, match=r"row 1 \(None\) does not: it has no id"):
        write(model, tmp_path / "other.parquet", tmp_path / "bad.parquet")


def test_ids_that_repeat_across_shards_and_a_shard_that_is_cut_off(
    model: EmbeddingLanguageModel, tmp_path: Path
) -> None:
    source = tmp_path / "shards"
    source.mkdir()
    for number in range(2):
        pq.write_table(pa.table({"id": ["a", "b"], "vector": list(tiny_elm.vectors(2))}), source / f"{number}.parquet")
    with pytest.raises(CallError, match=r"'a' \(row 2\) is that of an earlier row, as 2 are"):
        write(model, tmp_path / "texts.parquet", source)
    (source / "1.parquet").write_bytes((source / "1.parquet").read_bytes()[:100])
    with pytest.raises(DataFileError, match=r"1\.parquet is cut off"):
        write(model, tmp_path / "texts.parquet", source)
    assert {path.name for path in tmp_path.iterdir()} == {"shards"}


def test_vectors_outside_the_data_are_warned_of_once(model: EmbeddingLanguageModel, tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        write(model, tmp_path / "texts.parquet", tiny_elm.vectors(ROWS) * 50)
    far = [str(one.message) for one in caught if one.category is OutsideDataWarning]
    assert len(far) == 1
    assert far[0].startswith("in 7 batches, the first of which: 4 of 4 vectors lie far outside")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit on the size of files is Linux's")
@pytest.mark.parametrize("fits", ["no part", "the parts"])
def test_a_full_disk_half_way(model: EmbeddingLanguageModel, tmp_path: Path, texts: list[str], fits: str) -> None:
    import resource
    import signal

    write(model, tmp_path / "whole.parquet")
    limit = 600 if fits == "no part" else (tmp_path / "whole.parquet").stat().st_size - 1
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OSError, match=r"what was there before is kept"):
            write(model, tmp_path / "texts.parquet")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert not list(tmp_path.rglob("*.tmp"))
    assert write(model, tmp_path / "texts.parquet").before == (0 if fits == "no part" else ROWS)
    assert pd.read_parquet(tmp_path / "texts.parquet").text.tolist() == texts


def test_what_an_adapter_remembers_to_warn_does_not_make_another_model() -> None:
    one, other = tiny_elm.model(), tiny_elm.model()
    other.adapter("toy").remember(tiny_elm.vectors(400))
    assert other.adapter("toy").config.landmarks
    assert model_hash(one.parts) == model_hash(other.parts)
    assert model_hash(tiny_elm.model(seed=1).parts) != model_hash(one.parts)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"batch_size": 0}, {"temperature": -1.0}])
def test_orders_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(CallError, match="batch_size must be at least 1"):
        Order(SAY, **wrong)
