from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.core.model import EventNote
from dashboard.core.objects import ObjectKey
from dashboard.live.notes import PER_OBJECT, Notes


def note(about: int, reason: int, last: float | None = 1.0, uid: str = "") -> EventNote:
    key = ObjectKey("", "Pod", "shop", f"p{about}")
    return EventNote(key, uid, "Normal", f"R{reason}", "said", 1, last, last, "kubelet")


def about(number: int) -> str:
    return f"core/Pod/shop/p{number}"


def test_the_number_of_notes_is_bounded_and_the_oldest_go() -> None:
    notes = Notes(limit=10)
    for number in range(100):
        notes.put(("shop", f"e{number}"), note(number, 0))
    assert len(notes) == 10
    assert notes.of(about(99)) != ()
    assert notes.of(about(0)) == ()


def test_one_object_cannot_fill_it_with_reasons() -> None:
    notes = Notes()
    for reason in range(200):
        notes.put(("shop", f"e{reason}"), note(1, reason, last=float(reason)))
    kept = notes.of(about(1))
    assert len(kept) == len(notes) == PER_OBJECT
    assert kept[0].reason == "R199"


def test_a_note_of_a_node_carries_its_name_for_a_uid() -> None:
    notes = Notes()
    notes.put(("default", "e"), note(1, 0, uid="p1"))
    assert len(notes.of(about(1), "uid-1")) == 1


def test_an_event_that_changes_its_reason_leaves_nothing_behind() -> None:
    notes = Notes()
    notes.put(("shop", "e"), note(1, 0))
    assert notes.put(("shop", "e"), note(1, 1)) == about(1)
    assert [each.reason for each in notes.of(about(1))] == ["R1"]
    assert len(notes) == 1


STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 2), st.integers(0, 2), st.integers(0, 9)), max_size=60
)


@given(STEPS)
def test_sources_and_notes_always_agree(steps: list[tuple[bool, int, int, int, int]]) -> None:
    notes = Notes(limit=4)
    for put, source, object, reason, last in steps:
        if put:
            notes.put(("shop", f"e{source}"), note(object, reason, float(last)))
        else:
            notes.discard(("shop", f"e{source}"))
        assert len(notes) <= 4
        assert sum(len(notes.of(about(number))) for number in range(3)) == len(notes) == len(notes.sources())
