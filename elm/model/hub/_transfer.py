"""Adapter folders to and from the Hub, with failures explained and what to do about them."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elm._errors import CallError, HubError
from elm.adapters import KINDS, PARTS, SIGNATURE
from elm.model.hub._access import Access

_BELONGS = [f"*{kind}" for kind in KINDS]
"""What is fetched and sent: never code, pickles, or a trainer's leftovers."""


def fetch(repo: str, revision: str | None = None, access: Access | None = None) -> Path:
    """The folder of a repository ("owner/name") in the Hub's cache, fetched where it is not there yet.

    revision: a branch, tag or commit. A line that goes dead is picked up within a file; a call that gave up keeps the
    files that came whole, and the next one fetches the rest. Raises `HubError` where the Hub
    refuses, fails or cannot be reached, `CallError` for a name that no repository can have.
    """
    from huggingface_hub import snapshot_download

    with hub_errors(repo):
        options = vars(access or Access())
        return Path(snapshot_download(repo, revision=revision, allow_patterns=_BELONGS, **options))


def fetch_file(repo: str, name: str, revision: str | None = None, access: Access | None = None) -> Path:
    """One file of a repository, in the Hub's cache, in a folder that is called by the commit; errors as `fetch`."""
    from huggingface_hub import hf_hub_download

    with hub_errors(repo):
        return Path(hf_hub_download(repo, name, revision=revision, **vars(access or Access())))


def push_folder(
    folder: str | Path,
    repo: str,
    *,
    message: str = "Upload an embedding language model",
    private: bool | None = None,
    token: str | bool | None = None,
    revision: str | None = None,
    create_pr: bool = False,
) -> str:
    """Send an adapter folder to the Hub as one commit, in the place of what an earlier one sent; returns its address.

    revision: the branch. Raises `HubError` where the Hub refuses or fails, `CallError` for a name that no repository
    can have; the repository then holds what it held before.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    with hub_errors(repo, "write to"):
        name = api.create_repo(repo, private=private, exist_ok=True).repo_id
        if revision is not None and not create_pr:
            api.create_branch(name, branch=revision, exist_ok=True)
        commit: Any = api.upload_folder(
            repo_id=name,
            folder_path=str(folder),
            commit_message=message,
            revision=revision,
            create_pr=create_pr,
            allow_patterns=_BELONGS,
            delete_patterns=[SIGNATURE, *(f"{part}/*" for part in PARTS)],  # what the last one had and this one has not
        )
    return str(commit.pr_url or commit.commit_url if create_pr else commit.commit_url)


@contextlib.contextmanager
def hub_errors(repo: str, to: str = "read") -> Iterator[None]:
    """Turn what can go wrong with the Hub into one line: a `HubError`, or a `CallError` for an impossible name."""
    from huggingface_hub import errors

    try:
        yield
    except errors.HFValidationError as error:
        raise CallError(f"a repository is named owner/name, and {repo!r} cannot be one") from error
    except errors.HfHubHTTPError as error:
        raise HubError(f"cannot {to} {repo} on the Hub: {_why(error)}") from error
    except (errors.HTTPError, OSError, errors.EntryNotFoundError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EACCES):
            raise  # about this machine's disk; it names the file
        raise HubError(f"cannot {to} {repo} on the Hub: {_why(error)}") from error
    except ValueError as error:
        raise HubError(f"the Hub does not take the folder as {repo}: {' '.join(str(error).split())[:300]}") from error


def _why(error: BaseException) -> str:
    from huggingface_hub import errors

    chain = list(_chain(error))
    for found in chain:
        if isinstance(found, errors.GatedRepoError):
            return "its owner asks for consent; give it on the page of the repository, then pass your token"
        if isinstance(found, errors.RevisionNotFoundError):
            return "there is no such revision; name a branch, a tag or a commit of it"
        if isinstance(found, errors.RepositoryNotFoundError):
            return "there is none of that name, or it is private: check the name, or pass a token that may see it"
        if isinstance(found, errors.OfflineModeIsEnabled):
            return "it is not in the cache, and HF_HUB_OFFLINE keeps this process off the network"
        if isinstance(found, errors.HfHubHTTPError):
            return _status(found.response.status_code)
    if len(chain) == 1 and isinstance(error, errors.LocalEntryNotFoundError):
        return "it is not whole in the cache; call once without local_files_only"
    first = (str(chain[-1]).strip() or type(chain[-1]).__name__).splitlines()[0]
    return f"no connection, or it broke off ({first[:200]}); call again: files that came whole are kept"


def _status(code: int) -> str:
    if code in (401, 403):
        return f"access is denied ({code}); pass a token that may, or run `hf auth login`"
    if code == 404:
        return "there is none of that name (404); check the name and the revision"
    if code == 429:
        return "too many requests (429); wait a few minutes and call again, with a token if without one"
    if code >= 500:
        return f"the Hub has trouble of its own ({code}); call again later"
    return f"it answered {code}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
