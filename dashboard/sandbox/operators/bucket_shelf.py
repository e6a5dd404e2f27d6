"""Buckets as folders below one root, which no bucket's name can leave.

What is known of a bucket stands in a file `.bucket.json` in its folder: anybody may change it or the folder by
hand, and that is the point. A folder is made elsewhere and renamed into place, so that it is never half there.

    RefusalError     the error that the store answers with, by status and code as S3 has them
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.sandbox.operators.bucket_names import objection

ABOUT = ".bucket.json"
MAKING = ".making-"
"""Beginning of the name of a folder that is being made: no bucket's name begins with a dot."""


class RefusalError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Wish:
    """What a bucket should be like, and whose it is."""

    owner: str
    versioning: bool
    tags: dict[str, str]


class Shelf:
    """All buckets below `root`, which is made where it is missing."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()
        for left in self._root.glob(f"{MAKING}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()

    def names(self) -> list[str]:
        """Every bucket there is."""
        return sorted(each.name for each in self._root.iterdir() if not objection(each.name) and _is_bucket(each))

    def read(self, name: str) -> dict[str, Any]:
        """The bucket as it is now. Raises RefusalError (400, 404)."""
        folder = self._folder(name)
        if not _is_bucket(folder):
            raise RefusalError(404, "NoSuchBucket", f"The specified bucket {name} does not exist")
        about = _about(folder)
        objects = sum(1 for each in folder.iterdir() if each.name != ABOUT)
        return {"name": name, **about, "objects": objects}

    def put(self, name: str, wish: Wish) -> tuple[dict[str, Any], bool]:
        """Make it, or bring it in line; with whether it is new. Raises RefusalError (400, 409)."""
        folder = self._folder(name)
        if new := not _is_bucket(folder):
            if folder.exists() or folder.is_symlink():
                raise RefusalError(409, "BucketAlreadyExists", f"{name} is taken by something that is no bucket")
            self._make(folder, wish)
        else:
            about = _about(folder)
            if about["owner"] not in ("", wish.owner):
                raise RefusalError(
                    409, "BucketAlreadyExists", f"The requested bucket name {name} belongs to another owner"
                )
            _write(folder, about["id"] or _id(), about["created"] or _now(), wish)
        return self.read(name), new

    def delete(self, name: str, owner: str) -> None:
        """Remove an empty bucket of that owner. Raises RefusalError (400, 403, 404, 409); never removes an object."""
        seen = self.read(name)
        if seen["owner"] not in ("", owner):
            raise RefusalError(403, "AccessDenied", f"The bucket {name} belongs to another owner")
        if seen["objects"]:
            message = f"The bucket {name} that you tried to delete is not empty: it holds {seen['objects']} objects"
            raise RefusalError(409, "BucketNotEmpty", message)
        folder = self._folder(name)
        (folder / ABOUT).unlink(missing_ok=True)
        folder.rmdir()

    def _folder(self, name: str) -> Path:
        if problem := objection(name):
            raise RefusalError(400, "InvalidBucketName", problem)
        return self._root / name

    def _make(self, folder: Path, wish: Wish) -> None:
        making = self._root / f"{MAKING}{uuid.uuid4().hex}"
        making.mkdir()
        _write(making, _id(), _now(), wish)
        making.rename(folder)


def _is_bucket(folder: Path) -> bool:
    """A link, which could lead anywhere, is none."""
    return folder.is_dir() and not folder.is_symlink()


def _about(folder: Path) -> dict[str, Any]:
    """What is known of the bucket: nothing where its file is gone, is not a file or makes no sense."""
    path = folder / ABOUT
    try:
        found = json.loads(path.read_text()) if path.is_file() and not path.is_symlink() else {}
    except (UnicodeDecodeError, ValueError):
        found = {}
    known = found if isinstance(found, dict) else {}
    tags = known.get("tags")
    return {
        "id": str(known.get("id", "")),
        "owner": str(known.get("owner", "")),
        "created": str(known.get("created", "")),
        "versioning": known.get("versioning") is True,
        "tags": {str(key): str(value) for key, value in tags.items()} if isinstance(tags, dict) else {},
    }


def _write(folder: Path, id: str, created: str, wish: Wish) -> None:
    about = {"id": id, "owner": wish.owner, "created": created, "versioning": wish.versioning, "tags": wish.tags}
    beside = folder.parent / f"{MAKING}{uuid.uuid4().hex}"
    with beside.open("w") as file:
        json.dump(about, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / ABOUT)


def _id() -> str:
    return uuid.uuid4().hex


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
