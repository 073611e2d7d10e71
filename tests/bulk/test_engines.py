"""Engines write what `describe` writes, and one with another model is refused."""

from __future__ import annotations

import base64
import importlib.util
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tiny_elm
import torch
from faulty_endpoint import Endpoint, endpoint, failed

from elm._errors import CallError, CheckpointError, EngineError
from elm.bulk import EndpointEngine, Order, RayEngine, TransformersEngine, describe_table
from elm.chat import chat_client
from elm.model import EmbeddingLanguageModel, Words, load_model, save_model, weights_hash, with_lora

ROWS = 24
ORDER = Order("summary", temperature=0.0, batch_size=4)
pytestmark = pytest.mark.filterwarnings("ignore::elm._errors.OutsideDataWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tiny_elm.model(tasks=["summary"]), tmp_path_factory.mktemp("engine") / "model")


@pytest.fixture(scope="module")
def model(folder: Path) -> EmbeddingLanguageModel:
    return load_model(folder)


class TinyServer:
    """Answers as vLLM does: decodes the prompt and writes with a model of its own."""

    def __init__(self, folder: Path) -> None:
        self.model, self._lock = load_model(folder), threading.Lock()

    def __call__(self, number: int, body: dict[str, Any]) -> tuple[int, Any]:
        prompt = torch.load(io.BytesIO(base64.b64decode(body["prompt_embeds"])), weights_only=True)[None]
        mask = torch.ones(prompt.shape[:2], dtype=torch.long)
        allowed = set(body.get("allowed_token_ids") or range(10_000))

        def only(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            odd = [token for token in range(scores.shape[1]) if token not in allowed]
            return scores.index_fill(1, torch.tensor(odd, dtype=torch.long), -torch.inf)

        with self._lock, torch.inference_mode():
            out = self.model.llm.generate(
                inputs_embeds=prompt,
                attention_mask=mask,
                max_new_tokens=body["max_tokens"],
                do_sample=False,
                logits_processor=[only],
            )
        text = self.model.tokenizer.decode(out[0], skip_special_tokens=True)
        choice = {"index": 0, "finish_reason": "stop", "text": text, "logprobs": None}
        return 200, {"id": "x", "object": "text_completion", "created": 1, "model": body["model"], "choices": [choice]}


@pytest.fixture
def served(folder: Path) -> Iterator[Endpoint]:
    with endpoint(TinyServer(folder)) as found:
        found.models = [
            {"id": "tiny", "object": "model", "created": 1, "owned_by": "vllm", "root": str(folder / "llm")}
        ]
        yield found


@pytest.mark.slow
def test_an_endpoint_writes_what_describe_writes(
    served: Endpoint, model: EmbeddingLanguageModel, folder: Path, tmp_path: Path
) -> None:
    engine = EndpointEngine(model, folder, served.url)
    assert engine.remarks == ()
    table = tiny_elm.table(ROWS)
    describe_table(engine, table, tmp_path / "texts.parquet", ORDER, shard_rows=10)
    found = pd.read_parquet(tmp_path / "texts.parquet")
    assert found.text.tolist() == model.describe(table, "summary", temperature=0)
    assert found.id.tolist() == table.ids
    assert 1 < served.most_at_once <= 5
    assert {call["temperature"] for call in served.calls} == {0.0}
    assert len({call["seed"] for call in served.calls}) == ROWS  # each row draws for itself


@pytest.mark.slow
def test_only_the_words_of_a_narrowed_model_are_written_there(served: Endpoint, folder: Path, tmp_path: Path) -> None:
    narrow = load_model(folder)
    narrow.words = Words(range(150), 311)
    whole = load_model(folder).describe(tiny_elm.table(ROWS), "summary", temperature=0)
    describe_table(EndpointEngine(narrow, folder, served.url), tiny_elm.table(ROWS), tmp_path / "t.parquet", ORDER)
    texts = pd.read_parquet(tmp_path / "t.parquet").text.tolist()
    assert texts == narrow.describe(tiny_elm.table(ROWS), "summary", temperature=0) != whole


def test_an_endpoint_with_other_weights_is_refused(
    served: Endpoint, model: EmbeddingLanguageModel, folder: Path, tmp_path: Path
) -> None:
    other = save_model(tiny_elm.model(seed=1), tmp_path / "other")
    served.models[0]["root"] = str(other / "llm")
    with pytest.raises(CheckpointError, match="'tiny' at the endpoint has others than"):
        EndpointEngine(model, folder, served.url)
    served.models[0] |= {"root": "elsewhere", "sha256": "0" * 64}
    with pytest.raises(CheckpointError, match=r"has others than .*\(0{12}\)"):
        EndpointEngine(model, folder, served.url)
    served.models[0]["sha256"] = weights_hash(folder / "llm")
    assert EndpointEngine(model, folder, served.url).remarks == ()
    del served.models[0]["sha256"]
    assert "nothing was checked" in EndpointEngine(model, folder, served.url).remarks[0]


def test_which_model_of_an_endpoint_is_meant(served: Endpoint, model: EmbeddingLanguageModel, folder: Path) -> None:
    served.models.append({**served.models[0], "id": "other"})
    with pytest.raises(CallError, match="it serves tiny, other: name it"):
        EndpointEngine(model, folder, served.url)
    assert EndpointEngine(model, folder, served.url, "tiny").about["served"] == "tiny"
    with pytest.raises(EngineError, match="does not list its models"):
        EndpointEngine(model, folder, chat_client("http://127.0.0.1:9/v1", retries=0))


def test_a_folder_of_updates_cannot_be_served(tmp_path: Path, served: Endpoint) -> None:
    made = tiny_elm.model()
    made.llm = with_lora(made.llm, rank=2)
    with pytest.raises(CallError, match=r"has no llm/ but updates of a base: fold them in"):
        EndpointEngine(made, save_model(made, tmp_path / "lora"), served.url)


@pytest.mark.slow
def test_a_server_that_fails_ends_the_job_with_what_it_has(
    served: Endpoint, model: EmbeddingLanguageModel, folder: Path, tmp_path: Path
) -> None:
    answer, out = served.answer, tmp_path / "texts.parquet"
    served.answer = lambda number, body: answer(number, body) if number < 14 else failed(400, "out of memory")
    engine = EndpointEngine(model, folder, chat_client(served.url, retries=0))
    with pytest.raises(EngineError, match="out of memory"):
        describe_table(engine, tiny_elm.table(ROWS), out, ORDER, shard_rows=10)
    served.answer = answer
    assert describe_table(engine, tiny_elm.table(ROWS), out, ORDER, shard_rows=10).before == 10
    assert pd.read_parquet(out).text.tolist() == model.describe(tiny_elm.table(ROWS), "summary", temperature=0)


def test_answers_that_are_no_texts(served: Endpoint, model: EmbeddingLanguageModel, folder: Path) -> None:
    engine = EndpointEngine(model, folder, chat_client(served.url, retries=0))
    for wrong in ({"id": "x"}, {"id": "x", "choices": []}, b"<html>"):
        served.answer = lambda number, body, wrong=wrong: (200, wrong)
        with pytest.raises(EngineError):
            list(engine.texts(tiny_elm.vectors(1), ORDER))


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_the_message_says_what_to_install(folder: Path) -> None:
    with pytest.raises(CallError, match=r'pip install "elm-toolkit\[ray\]"'):
        RayEngine(folder)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two processes on this machine."""
    ray = pytest.importorskip("ray", reason='a cluster needs Ray: pip install "elm-toolkit[ray]"')
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.mark.slow
def test_a_cluster_writes_the_same_bits(
    cluster: Any, model: EmbeddingLanguageModel, folder: Path, tmp_path: Path
) -> None:
    tiny_elm.table(ROWS).save(tmp_path / "table")
    engine, order = RayEngine(folder, workers=2), Order("summary", seed=3, temperature=0.7, batch_size=4)
    assert engine.about == TransformersEngine(model).about
    describe_table(engine, tmp_path / "table", tmp_path / "cluster.parquet", order, shard_rows=5)
    describe_table(model, tmp_path / "table", tmp_path / "here.parquet", order, shard_rows=5)
    assert (tmp_path / "cluster.parquet").read_bytes() == (tmp_path / "here.parquet").read_bytes()

    with pytest.raises(CallError, match="was not trained for toy"):
        describe_table(engine, tmp_path / "table", tmp_path / "other.parquet", Order("positive_review"), shard_rows=5)
    engine.about = {**engine.about, "model": "0" * 64}  # of the worker that told first
    with pytest.raises(CheckpointError, match="the folder of one of them holds another"):
        describe_table(engine, tmp_path / "table", tmp_path / "other.parquet", order, shard_rows=5)
