"""What a Database consists of in its cluster: the objects as they should be, nothing read and nothing written."""

from __future__ import annotations

import base64
import secrets
from typing import Any

Obj = dict[str, Any]

OWNED = "demo.reconcilerviz.io/database"
"""Label of every child: the name of its Database."""

PASSWORD_OF = "demo.reconcilerviz.io/password-of"  # noqa: S105 - the name of an annotation
"""Annotation of the Pods: the uid of the Secret they read, so that they restart with a new one."""

PORT = 5432
USER = "app"


def secret_name(database: Obj) -> str:
    """The name of the Secret with user and password."""
    return f"{database['metadata']['name']}-credentials"


def endpoint(database: Obj) -> str:
    """Where clients in the cluster find it."""
    metadata = database["metadata"]
    return f"{metadata['name']}.{metadata['namespace']}.svc:{PORT}"


def secret(database: Obj) -> Obj:
    """A Secret with a password that nobody has seen: 24 random bytes. Call it once per Database."""
    password = secrets.token_urlsafe(24)
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in (("user", USER), ("password", password))}
    return {"apiVersion": "v1", "kind": "Secret", **_named(database, secret_name(database)), "data": encoded}


def service(database: Obj) -> Obj:
    """The headless Service that gives the Pods their names."""
    spec = {
        "clusterIP": "None",
        "selector": _labels(database),
        "ports": [{"name": "postgres", "port": PORT, "targetPort": "postgres", "protocol": "TCP"}],
    }
    return {"apiVersion": "v1", "kind": "Service", **_named(database, database["metadata"]["name"]), "spec": spec}


def stateful_set(database: Obj, secret_uid: str) -> Obj:
    """The StatefulSet; its Pods run the image that `spec.version` names."""
    name, spec = database["metadata"]["name"], database["spec"]
    wanted: Obj = {
        "replicas": spec.get("replicas", 1),
        "serviceName": name,
        "selector": {"matchLabels": _labels(database)},
        "template": {
            "metadata": {"labels": _labels(database), "annotations": {PASSWORD_OF: secret_uid}},
            "spec": {"containers": [_container(database)]},
        },
    }
    if "storage" in spec:
        wanted["volumeClaimTemplates"] = [_claim(spec["storage"])]
        mounts = [{"name": "data", "mountPath": "/var/lib/postgresql/data"}]
        wanted["template"]["spec"]["containers"][0]["volumeMounts"] = mounts
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", **_named(database, name), "spec": wanted}


def _container(database: Obj) -> Obj:
    def from_secret(variable: str, key: str) -> Obj:
        return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret_name(database), "key": key}}}

    return {
        "name": "postgres",
        "image": f"postgres:{database['spec']['version']}",
        "ports": [{"name": "postgres", "containerPort": PORT, "protocol": "TCP"}],
        "env": [from_secret("POSTGRES_USER", "user"), from_secret("POSTGRES_PASSWORD", "password")],
        "readinessProbe": {"exec": {"command": ["pg_isready", "-U", USER]}, "periodSeconds": 5},
    }


def _claim(size: str) -> Obj:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"metadata": {"name": "data"}, "spec": spec}


def _labels(database: Obj) -> dict[str, str]:
    return {OWNED: database["metadata"]["name"]}


def _named(database: Obj, name: str) -> Obj:
    """Metadata of a child, with its owner: the garbage collector takes it away with the Database."""
    owner = {
        "apiVersion": database["apiVersion"],
        "kind": database["kind"],
        "name": database["metadata"]["name"],
        "uid": database["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    labels = {**_labels(database), "app.kubernetes.io/managed-by": "database-operator"}
    metadata = {"name": name, "namespace": database["metadata"]["namespace"], "labels": labels}
    return {"metadata": {**metadata, "ownerReferences": [owner]}}
