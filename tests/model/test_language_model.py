"""The splice, the loss, and `describe`: which adapter reads a vector, and what it refuses."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import tiny_elm
import torch
from tiny_elm import SAY

from elm._errors import CallError, OutsideDataWarning, UnknownNameError, VectorError
from elm.embeddings import VectorTable
from elm.model import EmbeddingLanguageModel, plain_ids, prompt_ids
from elm.model._splice import spliced
from elm.tasks import VECTOR, Task, get
from elm.training.data._collate import IGNORED, Example, collate

OTHER = Task("other", "item", f"Other: {VECTOR}.", lambda facts, rng: "", max_new_tokens=12)


@pytest.fixture(scope="module")
def model() -> EmbeddingLanguageModel:
    return tiny_elm.model()


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return tiny_elm.vectors()


def test_slots_hold_the_soft_tokens_and_the_rest_is_the_prompt(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    prompt = prompt_ids(model.tokenizer, SAY.prompt, 3)
    ids, slots = torch.tensor([prompt.ids] * 4), torch.tensor([prompt.slots] * 4)
    soft = model.adapter("toy")(torch.as_tensor(x[:4]))
    embeds = spliced(model.llm, ids, slots, soft)
    table = model.llm.get_input_embeddings().weight
    rest = [i for i in range(len(prompt.ids)) if i not in prompt.slots]
    assert torch.equal(embeds[:, prompt.slots], soft)
    assert torch.equal(embeds[:, rest], table[ids[:, rest]])


def test_every_row_may_have_slots_of_its_own(model: EmbeddingLanguageModel) -> None:
    soft = torch.randn(2, 2, 32)
    embeds = spliced(model.llm, torch.ones((2, 6), dtype=torch.long), torch.tensor([[0, 1], [4, 2]]), soft)
    assert torch.equal(embeds[0, [0, 1]], soft[0])
    assert torch.equal(embeds[1, [4, 2]], soft[1])
    with pytest.raises(CallError, match=r"soft tokens \(2, 3\) must fill the slots \(2, 2\) exactly"):
        spliced(model.llm, torch.ones((2, 6), dtype=torch.long), torch.tensor([[0, 1], [4, 2]]), torch.randn(2, 3, 32))


def batch_of(model: EmbeddingLanguageModel, texts: list[str]):  # type: ignore[no-untyped-def]
    prompt = prompt_ids(model.tokenizer, SAY.prompt, 3)
    end = model.tokenizer.eos_token_id
    return collate(
        [
            Example(prompt.ids, [*plain_ids(model.tokenizer, t), end], tuple(prompt.slots), i)
            for i, t in enumerate(texts)
        ],
        model.tokenizer.pad_token_id,
    )


def test_forward_is_the_cross_entropy_written_out(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    """One text at a time, without padding: log-softmax of each next token of the target."""
    texts = ["one two", "a storm at sea", "z"]
    batch = batch_of(model, texts)
    loss = model("toy", torch.as_tensor(x[:3]), batch.ids, batch.slots, batch.labels)
    prompt = prompt_ids(model.tokenizer, SAY.prompt, 3)
    terms: list[float] = []
    for row, text in enumerate(texts):
        target = [*plain_ids(model.tokenizer, text), model.tokenizer.eos_token_id]
        embeds = model.llm.get_input_embeddings()(torch.tensor([prompt.ids + target])).clone()
        embeds[0, prompt.slots] = model.adapter("toy")(torch.as_tensor(x[row : row + 1]))[0]
        log = model.llm(inputs_embeds=embeds).logits[0].log_softmax(-1)
        terms += [-log[len(prompt.ids) - 1 + k, token].item() for k, token in enumerate(target)]
    assert loss.item() == pytest.approx(np.mean(terms), rel=1e-5)


def test_labels_are_the_target_alone(model: EmbeddingLanguageModel) -> None:
    batch = batch_of(model, ["one two", "a storm at sea"])
    prompt = prompt_ids(model.tokenizer, SAY.prompt, 3).ids
    for row in range(2):
        kept = batch.labels[row] != IGNORED
        assert not kept[: len(prompt)].any()
        assert torch.equal(batch.labels[row][kept], batch.ids[row][kept])
        assert batch.labels[row][kept][-1] == model.tokenizer.eos_token_id


def test_one_vector_gives_a_text_and_several_a_list(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    texts = model.describe(x, SAY)
    assert isinstance(texts, list)
    assert len(texts) == len(x)
    assert len(set(texts)) > 1  # the vector decides, else the other tests say nothing
    assert model.describe(x[0], SAY) == texts[0]
    assert model.describe(x[:1], SAY) == texts[:1]
    assert model.describe(x.tolist(), SAY) == texts
    assert model.describe(torch.as_tensor(x), SAY) == texts
    assert model.describe(torch.nn.Parameter(torch.as_tensor(x, dtype=torch.float64)), SAY) == texts


def test_one_equals_many_whatever_the_batch(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    texts = model.describe(x, SAY)
    assert [model.describe(v, SAY) for v in x] == texts
    assert model.describe(x, SAY, batch_size=5) == texts
    assert model.describe(x[::-1], SAY) == texts[::-1]


def test_greedy_ignores_the_seed_and_sampling_follows_it(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    assert model.describe(x, SAY, seed=1) == model.describe(x, SAY, seed=2)
    drawn = model.describe(x, SAY, seed=1, temperature=1.0)
    assert model.describe(x, SAY, seed=1, temperature=1.0) == drawn
    assert model.describe(x, SAY, seed=2, temperature=1.0) != drawn
    assert drawn != model.describe(x, SAY)


def test_describing_changes_nothing_else(x: np.ndarray) -> None:
    model = tiny_elm.model()
    model.train()
    model.llm.eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    torch.manual_seed(3)
    drawn = torch.rand(1)
    torch.manual_seed(3)
    model.describe(x, SAY, temperature=1.0)
    assert torch.equal(torch.rand(1), drawn)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert (model.training, model.adapters.training, model.llm.training) == (True, True, False)


def test_a_text_ends_at_the_end_token(x: np.ndarray) -> None:
    """A model that always says the end token next writes nothing."""
    model = tiny_elm.model()
    with torch.no_grad():
        model.llm.lm_head = torch.nn.Linear(32, len(model.tokenizer))
        model.llm.lm_head.weight.zero_()
        model.llm.lm_head.bias.zero_()
        model.llm.lm_head.bias[model.tokenizer.eos_token_id] = 9.0
    assert model.describe(x[:3], SAY) == ["", "", ""]


def test_a_table_is_read_as_its_rows(model: EmbeddingLanguageModel) -> None:
    table = tiny_elm.table()
    assert model.describe(table, SAY) == model.describe(table.vectors, SAY)
    assert model.describe(table.subset(["v3"]), SAY) == model.describe(table.vectors[3:4], SAY)


def test_a_table_of_another_space_is_refused_by_its_fingerprint(model: EmbeddingLanguageModel) -> None:
    table = tiny_elm.table()
    other = VectorTable(table.ids, table.vectors, replace(table.space, name="als", fingerprint="deadbeef" * 4))
    message = (
        r"the table's is als deadbeefdeadbeef; nearest: toy toy-6-0, same size and metric, other name and fingerprint: "
        r"make the vectors again or load their model; allow_space_mismatch reads them all the same"
    )
    for space in (None, "toy"):
        with pytest.raises(VectorError, match=message):
            model.describe(other, SAY, space=space)


def test_two_spaces_of_one_size_ask_for_a_name(x: np.ndarray) -> None:
    a, b = tiny_elm.table(name="a"), tiny_elm.table(name="b")
    model = tiny_elm.model(a, b)
    with pytest.raises(CallError, match="vectors of 6 numbers fit several spaces: name one, space='a' or 'b'"):
        model.describe(x, SAY)
    texts = {name: model.describe(x, SAY, space=name) for name in ("a", "b")}
    assert texts["a"] != texts["b"]
    assert model.describe(b, SAY) == texts["b"]  # a table knows its space
    with pytest.raises(UnknownNameError, match=r"unknown space 'bb'; did you mean 'b'\?"):
        model.describe(x, SAY, space="bb")


def test_the_task_tells_two_spaces_of_one_size_apart(x: np.ndarray) -> None:
    a, b = tiny_elm.table(name="a"), tiny_elm.table(name="b")
    adapters = {"a": tiny_elm.adapter(a, ["say"]), "b": tiny_elm.adapter(b, ["other"], seed=1)}
    model = EmbeddingLanguageModel(tiny_elm.base(), tiny_elm.tokenizer(), adapters)
    assert model.describe(x, SAY) == model.describe(x, SAY, space="a")
    assert model.describe(x, OTHER) == model.describe(x, OTHER, space="b")


def test_a_task_that_was_not_trained_is_refused(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    for vectors in (x, tiny_elm.table()):
        with pytest.raises(CallError, match="task 'summary' was not trained for toy; learned: say"):
            model.describe(vectors, "summary")
    with pytest.raises(UnknownNameError, match="unknown task 'sumary'; did you mean 'summary'"):
        model.describe(x, "sumary")


def test_an_adapter_without_tasks_may_do_any(x: np.ndarray) -> None:
    model = tiny_elm.model(tasks=())
    assert isinstance(model.describe(x[0], replace(get("summary"), max_new_tokens=4)), str)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros(5), r"no adapter reads vectors of 5 numbers; known: toy \(6\)"),
        (np.zeros((2, 7)), r"no adapter reads vectors of 7 numbers"),
        ([], r"no adapter reads vectors of 0 numbers"),
        (np.zeros((0, 6)), r"not be empty, got \(0, 6\)"),
        (np.zeros((1, 1, 6)), r"vectors have shape \(dim,\) or \(n, dim\), got \(1, 1, 6\)"),
        (3.0, r"vectors have shape \(dim,\) or \(n, dim\), got \(\)"),
        ([[1.0], [1.0, 2.0]], r"vectors must be numbers of one length each, got list"),
        (["word"] * 6, r"must be numbers of one length each"),
        ([0.0] * 5 + [np.nan], r"must be finite, but 1 of 1 rows hold NaN or infinity"),
        ([0.0] * 5 + [-np.inf], r"must be finite, but 1 of 1 rows hold NaN or infinity"),
        ([0.0] * 5 + [1e300], r"must be finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_vectors_that_cannot_be_read(model: EmbeddingLanguageModel, vectors: object, message: str) -> None:
    with pytest.raises(VectorError, match=message):
        model.describe(vectors, SAY)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"temperature": -1.0}, {"temperature": np.nan}, {"seed": -1}, {"batch_size": 0}])
def test_options_that_cannot_be(model: EmbeddingLanguageModel, x: np.ndarray, options: dict) -> None:
    with pytest.raises(CallError, match="temperature and seed must be 0 or more and batch_size at least 1, got "):
        model.describe(x, SAY, **options)


def test_a_named_space_checks_the_size(model: EmbeddingLanguageModel) -> None:
    with pytest.raises(VectorError, match=r"no adapter reads vectors of 5 numbers; known: toy \(6\)"):
        model.describe(np.zeros(5), SAY, space="toy")


def test_a_far_vector_is_described_with_a_warning(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    with pytest.warns(OutsideDataWarning, match="lie far outside the data of space 'toy'.*text about them is a guess"):
        assert isinstance(model.describe(x[0] + 1000, SAY), str)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.describe(x[0], SAY)


def test_an_adapter_of_another_width_is_refused() -> None:
    from elm.adapters import MLPAdapter

    wide = MLPAdapter.for_space(tiny_elm.table().space, token_dim=64)
    message = "adapter 'toy' writes 64, the model reads 32: use the base it was trained on"
    with pytest.raises(CallError, match=message):
        EmbeddingLanguageModel(tiny_elm.base(), tiny_elm.tokenizer(), {"toy": wide})


@pytest.mark.parametrize("name", ["items", "v1.5", ""])
def test_a_name_that_torch_keeps_for_itself_is_refused(name: str) -> None:
    with pytest.raises(CallError, match="an adapter cannot have this name"):
        EmbeddingLanguageModel(tiny_elm.base(), tiny_elm.tokenizer(), {name: tiny_elm.adapter(tiny_elm.table())})


def test_an_unknown_adapter_is_named(model: EmbeddingLanguageModel) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown space 'tox'; did you mean 'toy'\?"):
        model.adapter("tox")


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_samples_are_the_texts_of_describe_with_their_probabilities(
    model: EmbeddingLanguageModel, x: np.ndarray, temperature: float
) -> None:
    """The log-probabilities are those of one forward pass over prompt and text, at the temperature."""
    found = model.sample(x[:5], SAY, seed=3, temperature=temperature, batch_size=2)
    assert [one.text for one in found] == model.describe(x[:5], SAY, seed=3, temperature=temperature)
    prompt = prompt_ids(model.tokenizer, SAY.prompt, 3)
    slots = torch.tensor([prompt.slots])
    for vector, one in zip(x, found, strict=False):
        soft = model.adapter("toy")(torch.as_tensor(vector[None]))
        whole = torch.tensor([[*prompt.ids, *one.ids.tolist()]])
        with torch.inference_mode():
            logits = model.llm(inputs_embeds=spliced(model.llm, whole, slots, soft)).logits[0, len(prompt.ids) - 1 : -1]
        expected = (logits / (temperature or 1)).log_softmax(-1).gather(-1, torch.as_tensor(one.ids)[:, None])[:, 0]
        np.testing.assert_allclose(one.log_probs, expected.numpy(), atol=1e-4)
        ends = np.flatnonzero(one.ids == model.tokenizer.eos_token_id)
        assert not len(ends) or ends[0] == len(one.ids) - 1


def test_decoding_leaves_the_settings_of_the_base_as_they_were(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    before = model.llm.generation_config
    model.describe(x[:1], SAY)
    assert model.llm.generation_config is before


def test_sampling_that_cannot_be_is_told(model: EmbeddingLanguageModel, x: np.ndarray) -> None:
    with pytest.raises(CallError, match="temperature and seed must be 0 or more and batch_size at least 1"):
        model.sample(x[:1], SAY, batch_size=0)
