"""JSON patch (RFC 6902), with the refusals of kube-apiserver."""

from __future__ import annotations

from typing import Any

import jsonpatch
import jsonpointer

from dashboard.sandbox.failures import ApiFailure, bad_request

LIMIT = 10_000
"""Operations a patch may have, as in kube-apiserver."""


def apply_operations(live: dict[str, Any], patch: Any) -> Any:
    """A changed copy of `live`. Raises ApiFailure 400 (not a patch), 413 (too many), 422 (cannot be applied)."""
    if not isinstance(patch, list) or not all(isinstance(operation, dict) for operation in patch):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    if len(patch) > LIMIT:
        text = f"The allowed maximum operations in a JSON patch is {LIMIT}, got {len(patch)}"
        raise ApiFailure(413, "RequestEntityTooLarge", text, {})
    try:
        return jsonpatch.apply_patch(live, patch)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, ValueError) as error:
        # The real server says no more than this, whichever operation failed (a `test`, a missing path).
        text = "the server rejected our request due to an error in our request"
        raise ApiFailure(422, "Invalid", text, {}) from error
