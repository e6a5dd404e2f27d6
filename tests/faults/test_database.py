"""The database goes away: history suffers and says so, the watch and the pages do not."""

from __future__ import annotations

from pathlib import Path

from tests.management.manyprocesses import TOKEN, a_place
from tests.processes import eventually, get, manage


def test_nothing_of_the_watch_is_disturbed_by_a_database_that_is_gone() -> None:
    with a_place() as place:
        data = place.folder / "data"
        config = str(place.folder / "kubeconfig")
        about = {"RECONCILERVIZ_DATA": str(data), "RECONCILERVIZ_TOKEN": TOKEN, "RECONCILERVIZ_REDIS_URL": ""}
        with manage("up", "--kubeconfig", config, **about) as up:
            web = up.find(r"ReconcilerViz\s+(http://[^/\s]+)")
            place.webs[web] = up
            place.deploy("before", 2)
            eventually(lambda: not place.differences(), "it shows what a fresh list does")
            ruin(data)
            for number in range(4):
                place.deploy(f"after-{number}", 2)
            place.delete("before")
            eventually(lambda: not place.differences(), "it shows what a fresh list does")
            assert up.child.poll() is None, up.said
            assert "apps/Deployment/default/after-3" in place.shown(web, "Deployment")
            assert place.state(web) == "live"
            status, _ = get(f"{web}/c/reconcilerviz-sandbox/", Authorization=f"Bearer {TOKEN}")
            assert status == 200
            eventually(lambda: get(f"{web}/healthz")[0] == 200, "it is healthy")


def ruin(folder: Path) -> None:
    """Leave nothing of a database that could be read or written.

    But for the index beside its log (`-shm`): SQLite has that mapped into memory, and the system ends whoever looks at
    a mapped page of a file that was cut off (SIGBUS), which no program can answer.
    """
    found = [each for each in folder.glob("*.sqlite3*") if not each.name.endswith("-shm")]
    assert found, sorted(folder.iterdir())
    for file in found:
        file.write_bytes(b"no database" * 1000)
