"""Which images the nodes have. The node's status says so, as a real kubelet reports it, and is believed."""

from __future__ import annotations

from dashboard.sandbox.client import Client
from dashboard.sandbox.controllers.informer import Informers
from dashboard.sandbox.controllers.kubelet_status import qualified
from dashboard.sandbox.controllers.meta import Obj

MOST = 50
"""Images that a node reports (the kubelet's nodeStatusMaxImages)."""


class ImageStore:
    """Images per node: what status.images lists, and what has been pulled since."""

    def __init__(self, client: Client, informers: Informers) -> None:
        self._client = client
        self._images: dict[str, set[str]] = {}
        informers.on("Node", self._node_changed)

    def _node_changed(self, old: Obj | None, new: Obj | None) -> None:
        if new is None and old is not None:
            self._images.pop(old["metadata"]["name"], None)
        elif new is not None:
            listed = (new.get("status") or {}).get("images") or ()
            found = self._images.setdefault(new["metadata"]["name"], set())
            found.update(name for image in listed for name in image.get("names") or ())

    def has(self, node: str, image: str) -> bool:
        """Whether the node can start the image without pulling it."""
        return qualified(image) in self._images.get(node, ())

    def add(self, node: str, image: str) -> None:
        """The node has pulled the image: reported in its status."""
        full = qualified(image)
        if full in self._images.setdefault(node, set()):
            return
        self._images[node].add(full)
        current = self._client.get("Node", "", node)
        if current is None:
            return
        listed = [*((current.get("status") or {}).get("images") or ()), {"names": [full], "sizeBytes": 10_000_000}]
        self._client.patch("Node", "", node, {"status": {"images": listed[-MOST:]}}, subresource="status")
