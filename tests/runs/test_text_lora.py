"""A run whose recommender tunes its text encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_world import trusted_copy

from elm._storage.files import write_json
from elm.embeddings import SentenceEncoder
from elm.recommend import LoraTextEncoder
from elm.runs import RunConfig, RunFolder, build_world, open_recommender, open_run, teach_recommender


@pytest.mark.slow
def test_a_run_tunes_its_text_encoder_and_opens_again(finished: Any, tmp_path: Path) -> None:
    trusted_copy(finished.folder, tmp_path / "run")
    config = replace(open_run(tmp_path / "run")[1], text_lora_rank=2)
    write_json(tmp_path / "run" / "run.json", config.to_dict())
    run, config = open_run(tmp_path / "run")
    assert (config.text_lora_rank, RunConfig().text_lora_rank) == (2, 0)
    encoder = SentenceEncoder(config.encoder)
    world = build_world(run, config, encoder, progress=False)
    result = teach_recommender(run, world, encoder, progress=False, lora_rank=config.text_lora_rank)
    assert 0 <= result["validation"]["ndcg_text"] <= 1

    again = open_recommender(RunFolder(tmp_path / "run").path, reads_text=False)
    assert isinstance(again.model.text, LoraTextEncoder)
    assert again.model.text.rank == 2
    before, after = (again.z(profile=f"They love {genre} films.") for genre in ("war", "comedy"))
    assert abs(before - after).max() > 1e-4
