"""The Embedding Language Model: base LLM, adapters, decoding, and its folder on disk."""

from elm.model._export import merge, prompt_embeddings, save_prompt_embeddings
from elm.model._language_model import EmbeddingLanguageModel
from elm.model._prompt import PromptIds, prompt_ids, without_placeholder
from elm.model._saved import load_model
from elm.model._shipped import SHIPPED, shipped_base, shipped_model, shipped_vectors
from elm.model.base._chat_template import chat_text
from elm.model.base._context import answer_room, context_length, require_end, token_spread
from elm.model.base._control_tokens import plain_ids
from elm.model.base._llm import BASE_ID, base_reference, load_llm, save_llm
from elm.model.base._lora import is_lora, merged, with_lora
from elm.model.base._small_llama import BaseConfig, grow_vocabulary, new_base, train_tokenizer
from elm.model.folder._diff import Difference, diff
from elm.model.folder._pretrained import is_repository
from elm.model.folder._store import model_folder, save_model
from elm.model.folder._verify import verify
from elm.model.hub._access import Access
from elm.model.hub._transfer import fetch, push_folder

__all__ = [
    "BASE_ID",
    "SHIPPED",
    "Access",
    "BaseConfig",
    "Difference",
    "EmbeddingLanguageModel",
    "PromptIds",
    "answer_room",
    "base_reference",
    "chat_text",
    "context_length",
    "diff",
    "fetch",
    "grow_vocabulary",
    "is_lora",
    "is_repository",
    "load_llm",
    "load_model",
    "merge",
    "merged",
    "model_folder",
    "new_base",
    "plain_ids",
    "prompt_embeddings",
    "prompt_ids",
    "push_folder",
    "require_end",
    "save_llm",
    "save_model",
    "save_prompt_embeddings",
    "shipped_base",
    "shipped_model",
    "shipped_vectors",
    "token_spread",
    "train_tokenizer",
    "verify",
    "with_lora",
    "without_placeholder",
]
