"""The kubeconfig that lets kubectl talk to the sandbox, written without ever overwriting somebody else's."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from django.core.management.base import CommandError

CONTEXT = "reconcilerviz-sandbox"


@contextlib.contextmanager
def written(path: Path | None, server: str) -> Iterator[Path]:
    """A kubeconfig for `server`, at `path` where it stays, or in a private folder that goes with the block.

    Raises CommandError when `path` holds something that this function did not write, or cannot be written.
    """
    if path is None:
        with tempfile.TemporaryDirectory(prefix="reconcilerviz-") as folder:
            yield _write(Path(folder) / "kubeconfig", server)
        return
    if path.exists() and not _ours(path):
        raise CommandError(f"--kubeconfig {path}: the file exists and is not a sandbox's; name another one")
    yield _write(path, server)


def _write(path: Path, server: str) -> Path:
    entry = {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": server}}],
        "users": [{"name": CONTEXT, "user": {}}],
        "contexts": [{"name": CONTEXT, "context": entry}],
        "current-context": CONTEXT,
    }
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise CommandError(f"--kubeconfig {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(content, file, sort_keys=False)
    return path


def _ours(path: Path) -> bool:
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False
    if not isinstance(content, dict) or content.get("current-context") != CONTEXT:
        return False
    contexts = content.get("contexts")
    return isinstance(contexts, list) and len(contexts) == 1
