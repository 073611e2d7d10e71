"""A Hub on this machine: the routes that downloads and uploads use, and the ways in which they fail."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def commit_of(files: dict[str, bytes]) -> str:
    """Forty digits that stand for a state of a repository."""
    digest = hashlib.sha1()
    for name, data in sorted(files.items()):
        digest.update(f"{name} {hashlib.sha256(data).hexdigest()}\n".encode())
    return digest.hexdigest()


@dataclass
class FakeHub:
    """Repositories by name, branches in each, files in those.

    status: what every answer is, where that is set. cuts: how many bytes of a file are sent before the line goes dead,
    once for each entry. requests: what was asked, as "METHOD path range".
    """

    repositories: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    history: dict[str, dict[str, bytes]] = field(default_factory=dict)
    status: int | None = None
    cuts: dict[str, list[int]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    tokens: list[str | None] = field(default_factory=list)
    large: int = 10_000
    url: str = ""

    def add(self, name: str, folder: Path, branch: str = "main") -> str:
        """Put a folder's files into a repository; returns the commit."""
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        self.repositories.setdefault(name, {})[branch] = files
        return self.committed(files)

    def committed(self, files: dict[str, bytes]) -> str:
        commit = commit_of(files)
        self.history[commit] = dict(files)
        return commit

    def files(self, name: str, revision: str) -> dict[str, bytes] | None:
        """The files of a branch or a commit."""
        branches = self.repositories.get(name, {})
        return branches.get(revision, self.history.get(revision))

    @contextmanager
    def serving(self) -> Iterator[FakeHub]:
        """Answer on a free port of this machine."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._route("GET")

    def do_HEAD(self) -> None:
        self._route("HEAD")

    def do_POST(self) -> None:
        self._route("POST")

    def do_PUT(self) -> None:
        self._route("PUT")

    def _route(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.requests.append(f"{method} {path} {self.headers.get('Range') or ''}".strip())
        self.hub.tokens.append(self.headers.get("Authorization"))
        if self.hub.status is not None:
            self._json({"error": "so it is"}, self.hub.status, {"X-Error-Message": "so it is"})
            return
        for verb, pattern, answer in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                answer(self, body, **found.groupdict())
                return
        self._json({"error": f"no route {method} {path}"}, 404)

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _missing(self, code: str) -> None:
        self._json({"error": code}, 404, {"X-Error-Code": code})

    def _info(self, body: bytes, repo: str, revision: str = "main") -> None:
        if repo not in self.hub.repositories:
            self._missing("RepoNotFound")
        elif (files := self.hub.files(repo, revision)) is None:
            self._missing("RevisionNotFound")
        else:
            siblings = [{"rfilename": name} for name in files]
            self._json({"id": repo, "sha": self.hub.committed(files), "siblings": siblings, "private": False})

    def _tree(self, body: bytes, repo: str, revision: str) -> None:
        files = self.hub.files(repo, revision)
        if files is None:
            self._missing("RevisionNotFound")
            return
        self._json(
            [
                {"type": "file", "path": n, "size": len(d), "oid": hashlib.sha1(d).hexdigest()}
                for n, d in sorted(files.items())
            ]
        )

    def _file(self, body: bytes, repo: str, revision: str, path: str) -> None:
        files = self.hub.files(repo, revision)
        if files is None or path not in files:
            self._missing("EntryNotFound")
            return
        data = files[path]
        first = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(first[1]) if first else 0
        self.send_response(206 if first else 200)
        self.send_header("X-Repo-Commit", self.hub.committed(files))
        self.send_header("ETag", f'"{hashlib.sha1(data).hexdigest()}"')
        self.send_header("Accept-Ranges", "bytes")
        if first:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.cuts.get(path):
            self.wfile.write(data[start : self.hub.cuts[path].pop(0)])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.wfile.write(data[start:])

    def _create(self, body: bytes) -> None:
        asked = json.loads(body)
        name = "/".join(filter(None, (asked.get("organization"), asked["name"])))
        known = name in self.hub.repositories
        self.hub.repositories.setdefault(name, {"main": {}})
        self._json({"url": f"{self.hub.url}/{name}", "id": name}, 409 if known else 200)

    def _branch(self, body: bytes, repo: str, revision: str) -> None:
        self.hub.repositories[repo].setdefault(revision, dict(self.hub.repositories[repo]["main"]))
        self._json({})

    def _yaml(self, body: bytes) -> None:
        self._json({"errors": [], "warnings": []})

    def _preupload(self, body: bytes, repo: str, revision: str) -> None:
        asked = json.loads(body)["files"]
        self._json(
            {
                "files": [
                    {
                        "path": f["path"],
                        "uploadMode": "lfs" if f["size"] > self.hub.large else "regular",
                        "shouldIgnore": False,
                    }
                    for f in asked
                ]
            }
        )

    def _batch(self, body: bytes, repo: str) -> None:
        objects = [
            {**o, "actions": {"upload": {"href": f"{self.hub.url}/upload/{o['oid']}"}}}
            for o in json.loads(body)["objects"]
        ]
        self._json({"transfer": "basic", "objects": objects})

    def _upload(self, body: bytes, oid: str) -> None:
        assert hashlib.sha256(body).hexdigest() == oid
        self.hub.uploads[oid] = body
        self._json({})

    def _commit(self, body: bytes, repo: str, revision: str) -> None:
        files = dict(self.hub.repositories[repo][revision])
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.hub.uploads[value["oid"]]
            elif entry["key"] == "deletedFile":
                del files[value["path"]]
        self.hub.repositories[repo][revision] = files
        commit = self.hub.committed(files)
        self._json({"commitUrl": f"{self.hub.url}/{repo}/commit/{commit}", "commitOid": commit, "success": True})


_REPO, _REVISION = r"(?P<repo>[\w.-]+/[\w.-]+)", r"(?P<revision>[^/]+)"
_ROUTES = (
    ("GET", rf"/api/models/{_REPO}/revision/{_REVISION}", _Handler._info),
    ("GET", rf"/api/models/{_REPO}", _Handler._info),
    ("GET", rf"/api/models/{_REPO}/tree/{_REVISION}", _Handler._tree),
    ("GET", rf"/{_REPO}/resolve/{_REVISION}/(?P<path>.+)", _Handler._file),
    ("HEAD", rf"/{_REPO}/resolve/{_REVISION}/(?P<path>.+)", _Handler._file),
    ("POST", r"/api/repos/create", _Handler._create),
    ("POST", rf"/api/models/{_REPO}/branch/{_REVISION}", _Handler._branch),
    ("POST", r"/api/validate-yaml", _Handler._yaml),
    ("POST", rf"/api/models/{_REPO}/preupload/{_REVISION}", _Handler._preupload),
    ("POST", rf"/{_REPO}\.git/info/lfs/objects/batch", _Handler._batch),
    ("PUT", r"/upload/(?P<oid>[0-9a-f]{64})", _Handler._upload),
    ("POST", rf"/api/models/{_REPO}/commit/{_REVISION}", _Handler._commit),
)
