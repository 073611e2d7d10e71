"""The Embedding Language Model: base LLM, adapters, decoding, and its folder on disk."""

from elm.model._best_of import BestOf, Choosing
from elm.model._export import merge, prompt_embeddings, save_prompt_embeddings
from elm.model._generate import Sample, sample_prompts
from elm.model._groups import GroupOptions, describe_groups
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._opened import opened, split_placement
from elm.model._outline import outlined_llm
from elm.model._parts import ModelParts
from elm.model._placement import DTYPES, Placement, PlacementOptions
from elm.model._prompt import PromptIds, prompt_ids, without_placeholder
from elm.model._prompts import Prompts, text_prompts, vector_prompts
from elm.model._saved import load_model
from elm.model._shipped import SHIPPED, shipped_base, shipped_model, shipped_vectors
from elm.model._together import TextRequest, scored_texts, text_request, write_together
from elm.model.base._chat_template import chat_text
from elm.model.base._context import context_length, require_end, token_spread
from elm.model.base._control_tokens import plain_ids
from elm.model.base._converted import all_kept
from elm.model.base._from_package import PACKAGED, packaged, parts_of, terms_of
from elm.model.base._from_shipped import BASE_ID, is_shipped
from elm.model.base._hashes import weights_hash
from elm.model.base._head import head_of, runs, token_loss
from elm.model.base._llm import save_llm
from elm.model.base._load import base_reference, load_llm
from elm.model.base._lora import is_lora, merged, with_lora
from elm.model.base._quantised import require_plain
from elm.model.base._small_llama import BaseConfig, grow_vocabulary, new_base, train_tokenizer
from elm.model.base._words import LARGE, Words
from elm.model.folder._diff import Difference, diff
from elm.model.folder._store import model_folder, save_model
from elm.model.folder._verify import verify
from elm.model.hub._access import Access
from elm.model.hub._transfer import fetch, push_folder

__all__ = [
    "BASE_ID",
    "DTYPES",
    "LARGE",
    "PACKAGED",
    "SHIPPED",
    "Access",
    "BaseConfig",
    "BestOf",
    "Choosing",
    "Difference",
    "EmbeddingLanguageModel",
    "GroupOptions",
    "ModelParts",
    "Placement",
    "PlacementOptions",
    "PromptIds",
    "Prompts",
    "Sample",
    "TextRequest",
    "Words",
    "all_kept",
    "base_reference",
    "chat_text",
    "context_length",
    "describe_groups",
    "diff",
    "fetch",
    "grow_vocabulary",
    "head_of",
    "is_lora",
    "is_shipped",
    "load_llm",
    "load_model",
    "merge",
    "merged",
    "model_folder",
    "new_base",
    "opened",
    "outlined_llm",
    "packaged",
    "parts_of",
    "plain_ids",
    "prompt_embeddings",
    "prompt_ids",
    "push_folder",
    "require_end",
    "require_plain",
    "runs",
    "sample_prompts",
    "save_llm",
    "save_model",
    "save_prompt_embeddings",
    "scored_texts",
    "shipped_base",
    "shipped_model",
    "shipped_vectors",
    "split_placement",
    "terms_of",
    "text_prompts",
    "text_request",
    "token_loss",
    "token_spread",
    "train_tokenizer",
    "vector_prompts",
    "verify",
    "weights_hash",
    "with_lora",
    "without_placeholder",
    "write_together",
]
