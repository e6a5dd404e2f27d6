"""Random clusters: steps that change one, and the truth about it computed the slow way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from hypothesis import strategies as st

from dashboard.core.model import Row, Verdict
from dashboard.core.objects import ResourceType, key_of
from dashboard.live.board import Board
from dashboard.live.query import Query
from tests.live.factory import DEPLOYMENT, HPA, POD, REPLICASET, Clock, Obj, deployment, hpa, pod, replicaset

SPEAKS = {Verdict.STALLED, Verdict.CONVERGING, Verdict.TERMINATING}
KINDS = {"Deployment": DEPLOYMENT, "ReplicaSet": REPLICASET, "Pod": POD, "HorizontalPodAutoscaler": HPA}

QUERIES = (
    Query(),
    Query(verdict="stalled"),
    Query(verdict="converged"),
    Query(namespace="shop"),
    Query(kind="Pod"),
    Query(kind="pod", verdict="converging"),
    Query(q="0"),
    Query(q="imagepull"),
    Query(owner="apps/Deployment/shop/d0"),
    Query(namespace="back", verdict="stalled"),
)

small = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("deployment"), small, small, st.booleans()),
        st.tuples(st.just("replicaset"), small, small, small),
        st.tuples(st.just("pod"), st.integers(0, 5), small, st.sampled_from(["ready", "starting", "bad-image"])),
        st.tuples(st.just("hpa"), small, small, st.just(0)),
        st.tuples(st.just("delete"), st.sampled_from(sorted(KINDS)), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("relist"), st.sampled_from(sorted(KINDS)), st.integers(0, 7), st.booleans()),
        st.tuples(st.just("repeat"), st.sampled_from(sorted(KINDS)), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("tick"), st.just(0), st.just(0), st.just(0)),
    ),
    min_size=12,
    max_size=50,
)


@dataclass
class World:
    """What the API holds, beside the board that is told of it."""

    clock: Clock = field(default_factory=Clock)
    objects: dict[str, Obj] = field(default_factory=dict)
    version: int = 0
    past: list[tuple[str, Obj]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = Board(self.clock)

    def named(self, kind: str, number: int) -> Obj | None:
        found = sorted(id for id, obj in self.objects.items() if obj["kind"] == kind)
        return self.objects[found[number % len(found)]] if found else None

    def put(self, obj: Obj) -> None:
        id = key_of(obj).id
        type = "MODIFIED" if id in self.objects else "ADDED"
        self.objects[id] = obj
        self.past.append((type, obj))
        self.board.apply(KINDS[obj["kind"]], type, obj)

    def do(self, step: tuple[Any, ...]) -> None:
        """Change the cluster, and tell the board as a reflector would."""
        self.version += 1
        self.clock.now += 1
        what, one, two, three = step
        about = {"version": self.version, "namespace": ("shop", "back")[isinstance(one, int) and one == 2]}
        if what == "deployment":
            uid = f"uid-d{one}-{three}"  # sometimes deleted and made again under the same name
            self.put(deployment(f"d{one}", want=2, ready=two, uid=uid, **about))
        elif what == "replicaset":
            owner = self.named("Deployment", two)
            about["namespace"] = owner["metadata"]["namespace"] if owner else "shop"
            self.put(replicaset(f"d{one}-{one}", owner, want=two, ready=min(two, three), revision=one, **about))
        elif what == "pod":
            owner = self.named("ReplicaSet", two)
            about["namespace"] = owner["metadata"]["namespace"] if owner else "shop"
            self.put(pod(f"p{one}", owner, state=three, **about))
        elif what == "hpa" and (target := self.named("Deployment", one)):
            self.put(hpa(f"h{one}", target, current=two, **about | {"namespace": target["metadata"]["namespace"]}))
        elif what == "delete" and (gone := self.named(one, two)):
            del self.objects[key_of(gone).id]
            last = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.version)}}
            self.past.append(("DELETED", last))
            self.board.apply(KINDS[one], "DELETED", last)
        elif what == "relist":
            self.relist(one, lose=two if three else None)
        elif what == "repeat" and self.past:
            type, obj = self.past[two % len(self.past)]
            known = self.objects.get(key_of(obj).id)
            if known is not None and known["metadata"]["uid"] == obj["metadata"]["uid"] and known is not obj:
                self.board.apply(KINDS[obj["kind"]], type, obj)
        elif what == "tick":
            self.board.tick(self.clock.now)

    def relist(self, kind: str, lose: int | None) -> None:
        """List a kind anew in two pages, with one object gone meanwhile when `lose` says which."""
        if lose is not None and (gone := self.named(kind, lose)):
            del self.objects[key_of(gone).id]
        self.board.begin(KINDS[kind])
        held = [obj for obj in self.objects.values() if obj["kind"] == kind]
        self.board.page(KINDS[kind], held[::2])
        self.board.page(KINDS[kind], held[1::2])
        self.board.end(KINDS[kind])

    def rebuilt(self, order: Iterable[str]) -> Board:
        """Another board, told of what the API holds now and of nothing before."""
        board = Board(self.clock)
        for kind in order:
            resource: ResourceType = KINDS[kind]
            board.begin(resource)
            board.page(resource, [obj for obj in self.objects.values() if obj["kind"] == kind])
            board.end(resource)
        board.tick(self.clock.now)
        return board

    def expected(self, query: Query) -> tuple[list[Row], dict[Verdict, int], int]:
        """What a query should find: rows in order, counts per verdict, and how many match before folding."""
        rows = {row.id: row for row in self.board.rows()}
        matching = [row for row in rows.values() if self._matches(row, query, rows)]
        folds = not (query.kind or query.q or query.owner)
        shown = [row for row in matching if not (folds and self._folded(row, rows))]
        counts = {verdict: sum(row.verdict is verdict for row in shown) for verdict in Verdict}
        found = [row for row in shown if query.verdict in ("", row.verdict)]
        return sorted(found, key=_place), counts, len(matching)

    def _matches(self, row: Row, query: Query, rows: dict[str, Row]) -> bool:
        texts = (f"{row.namespace}/{row.name}", row.kind, row.images, row.cause)
        return (
            query.namespace in ("", row.namespace)
            and query.kind.lower() in ("", row.kind.lower())
            and (not query.q or any(query.q.lower() in text.lower() for text in texts))
            and (not query.owner or any(owner.id == query.owner for owner in self._owners(row, rows)))
        )

    def _owners(self, row: Row, rows: dict[str, Row]) -> list[Row]:
        owners: list[Row] = []
        while True:
            references = self.objects[row.id]["metadata"].get("ownerReferences", [])
            uids = {reference["uid"] for reference in references}
            found = [each for each in rows.values() if each.uid in uids and each.id == row.owner]
            if not found:
                return owners
            row = found[0]
            owners.append(row)

    def _folded(self, row: Row, rows: dict[str, Row]) -> bool:
        owners = self._owners(row, rows)
        return bool(owners) and (row.verdict is Verdict.CONVERGED or any(owner.verdict in SPEAKS for owner in owners))


def _place(row: Row) -> tuple[Any, ...]:
    age = 0.0 if row.verdict is Verdict.CONVERGED else inf if row.since is None else row.since
    return (list(Verdict).index(row.verdict), age, row.kind, row.namespace, row.name)
