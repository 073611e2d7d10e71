"""Saving, loading and sharing in the manner of the Hub, by our own strict rules.

`ModelHubMixin` gives the names that people know. Its own saving and loading are not used: they delete `config.json`
before they save, write one of their own, and fetch files one by one.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from huggingface_hub import ModelHubMixin

from elm._errors import CallError, CheckpointError, DataFileError
from elm.model._placement import Placement, PlacementOptions
from elm.model.folder._store import load_parts, save_model
from elm.model.hub._access import Access
from elm.model.hub._transfer import fetch, push_folder

if TYPE_CHECKING:
    import torch


class HubModel(ModelHubMixin, library_name="elm", tags=["embeddings", "interpretability"]):
    """What an `EmbeddingLanguageModel` can do with folders and with the Hub, by its `parts` and `of(parts)`."""

    parts: Any
    of: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> HubModel:
        """Without the mixin's record of the arguments, which it would write into `config.json`."""
        return object.__new__(cls)

    def save_pretrained(
        self,
        save_directory: str | Path,
        *,
        card: str = "",
        dtype: torch.dtype | None = None,
        push_to_hub: bool = False,
        repo_id: str | None = None,
        **push_options: Any,
    ) -> str | None:
        """Write the adapter folder as `elm.model.save_model` does, errors too.

        With `push_to_hub` it is sent to `repo_id` (by default the folder's name), and its address is returned.
        """
        self._save_pretrained(Path(save_directory), card, dtype)
        if not push_to_hub:
            return None
        return push_folder(save_directory, repo_id or Path(save_directory).name, **push_options)

    def _save_pretrained(self, save_directory: Path, card: str = "", dtype: torch.dtype | None = None) -> None:
        import torch

        save_model(self, save_directory, card, dtype or torch.float32)

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        force_download: bool = False,
        base: str | Path | None = None,
        **placement: Unpack[PlacementOptions],
    ) -> Self:
        """The model of a folder, or of a repository "owner/name" on the Hub.

        revision: a branch, tag or commit. device, dtype, device_map: where the model lies and in which numbers, see
        `Placement`. A name is taken for a folder where it is a `Path`, where there is such a folder, or where "owner"
        is one here. Errors as `elm.model.load_model`; `HubError` where the Hub refuses, fails
        or cannot be reached.
        """
        name = pretrained_model_name_or_path
        if isinstance(name, Path):
            name = name.absolute()  # never a repository, whatever its parts are called
        return cls._from_pretrained(
            model_id=str(name),
            revision=revision,
            cache_dir=cache_dir,
            token=token,
            force_download=force_download,
            local_files_only=local_files_only,
            base=base,
            placement=Placement(**placement),
        )

    @classmethod
    def _from_pretrained(  # type: ignore[override]
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        base: str | Path | None = None,
        placement: Placement | None = None,
    ) -> Self:
        access = Access(token, cache_dir, local_files_only, force_download)
        folder = Path(model_id)
        if is_repository(model_id):
            folder = fetch(model_id, revision, access)
        elif revision is not None and folder.is_dir():
            raise DataFileError(f"a revision is that of a repository on the Hub, and {folder} is a folder here")
        return cls.from_folder(folder, placement, base, access)

    @classmethod
    def from_folder(
        cls,
        folder: str | Path,
        placement: Placement | None = None,
        base: str | Path | None = None,
        access: Access | None = None,
    ) -> Self:
        """The model of a folder of this disk, in evaluation mode; see `elm.model.load_model`."""
        placement = placement or Placement()
        parts = load_parts(folder, base, access, placement)
        try:
            model: Any = cls.of(parts).eval()
        except CallError as error:
            raise CheckpointError(f"{folder} does not hold parts of one model: {error}") from error
        if placement.device_map is None:
            model.to(placement.place)
        for adapter in parts.adapters.values():  # where a map says where the language model lies
            adapter.to(parts.device)
        found: Self = model
        return found

    def push_to_hub(  # type: ignore[override]
        self,
        repo_id: str,
        *,
        commit_message: str = "Upload an embedding language model",
        private: bool | None = None,
        token: str | bool | None = None,
        revision: str | None = None,
        create_pr: bool = False,
        card: str = "",
        dtype: torch.dtype | None = None,
    ) -> str:
        """Save the model aside and send it to the Hub as one commit; returns the commit's address.

        revision: the branch. Errors as `elm.model.push_folder`.
        """
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "model"
            self._save_pretrained(folder, card, dtype)
            return push_folder(
                folder,
                repo_id,
                message=commit_message,
                private=private,
                token=token,
                revision=revision,
                create_pr=create_pr,
            )


def is_repository(name: str) -> bool:
    """Whether a name is one on the Hub rather than a path: "owner/name", and no folder here is called so or `owner`.

    >>> is_repository("someone/some-model"), is_repository("/tmp/model"), is_repository("./model")
    (True, False, False)
    """
    if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", name):
        return False
    return not Path(name).exists() and not Path(name.split("/")[0]).is_dir()
