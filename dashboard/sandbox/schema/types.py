"""The type of a resource's objects."""

from __future__ import annotations

from dashboard.sandbox.registry import Resource
from dashboard.sandbox.schema.nodes import Node, root


def node_of(resource: Resource) -> Node:
    """The built-in type, or what the CRD's schema says."""
    if resource.custom is not None:
        node: Node = resource.custom.node
        return node
    return root(resource.group, resource.version, resource.kind)
