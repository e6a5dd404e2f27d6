"""The kubeconfig that lets kubectl talk to the sandbox, written without ever overwriting somebody else's."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import yaml
from django.core.management.base import CommandError

CONTEXT = "reconcilerviz-sandbox"


def write(path: Path | None, server: str) -> Path:
    """Write a kubeconfig for `server` to `path`, or to a new private folder where none is named; return where.

    Raises CommandError when `path` holds something that this function did not write.
    """
    if path is None:
        path = Path(tempfile.mkdtemp(prefix="reconcilerviz-")) / "kubeconfig"
    elif path.exists() and not _ours(path):
        raise CommandError(f"--kubeconfig {path}: the file exists and is not a sandbox's; name another one")
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


def remove(path: Path) -> None:
    """Take back a kubeconfig from a folder of our own making; a named file stays where the user wanted it."""
    path.unlink(missing_ok=True)
    path.parent.rmdir()


def _ours(path: Path) -> bool:
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return False
    if not isinstance(content, dict) or content.get("current-context") != CONTEXT:
        return False
    contexts = content.get("contexts")
    return isinstance(contexts, list) and len(contexts) == 1
