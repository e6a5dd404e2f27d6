"""One followed object: its newest version, its episode, and what of that was looked at and told when."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.core.episodes import SETTLE, is_over
from dashboard.core.evidence import COUNTED, Before, Own, before_next
from dashboard.core.model import Assessment, Episode, Row, Verdict
from dashboard.core.samples import sampled

NEVER = float("-inf")


@dataclass(slots=True)
class Followed:
    """`drawn` is when its episode was last looked at, from its `version`; `before` what the object was at that look, or
    before it was declared anew since. `told` is the episode as it was last told, `at` when. `gone`: it left the board.
    """

    row: Row
    own: Own
    assessment: Assessment
    episode: Episode | None = None
    told: Episode | None = None
    before: Before | None = None
    at: float = NEVER
    drawn: float = NEVER
    version: str = ""
    gone: bool = False

    def renew(self, new: Own) -> None:
        """Take its next version in. Its sample is kept at once: the next version may come before the next look."""
        if new.generation != self.own.generation:
            self.before = self.until_now()
        self.own = new = new.after(self.own)
        if self.episode is not None and self.episode.ended is None and self.episode.generation == new.generation:
            samples = sampled(self.episode.samples, new.sample)
            if samples is not self.episode.samples:
                self.episode = replace(self.episode, samples=samples)

    def until_now(self) -> Before:
        """What it was before its next version."""
        return before_next(self.own, self.assessment.verdict, self.before)

    def is_urgent(self) -> bool:
        """Whether something changed that must be looked at now, and not only what its Pods are at."""
        episode = self.episode
        if self.gone or episode is None or self.assessment.verdict is not episode.verdict:
            return True
        if is_over(episode):
            return True  # another may take its place at the next look, and what is told late of this one is lost then
        return self.version != self.own.version and _tells_more(self.own, episode)

    def is_settled(self, now: float) -> bool:
        """Whether nothing that other watches tell late may still belong to its episode, which is over."""
        episode = self.episode
        if self.gone or episode is None:
            return True
        closed = episode.recovered if episode.recovered is not None else episode.closed
        return closed is None or now > closed + SETTLE

    def waits(self) -> bool:
        """Whether time alone may close its episode, or have it told."""
        episode = self.episode
        if episode is None:
            return False
        holds = episode.verdict is Verdict.CONVERGED or (episode.verdict is Verdict.STALLED and episode.ended is None)
        return holds or is_over(episode) or episode != self.told

    def is_time(self, now: float) -> bool:
        """Whether it is worth a look though nothing was heard: one that is over only waits to be settled, or told."""
        episode = self.episode
        return episode is None or not is_over(episode) or episode != self.told or self.is_settled(now)


def _tells_more(own: Own, episode: Episode) -> bool:
    """Whether a version may tell of more than its counts. Where it is only seen that it was observed, the first such
    version dates that.
    """
    if (own.group, own.kind) not in COUNTED or own.generation is None or own.generation != episode.generation:
        return True
    return episode.kind == "change" and all(hop.name != "observed" for hop in episode.hops)


def state(episode: Episode) -> tuple[object, ...]:
    """What of an episode is told at once when it changes."""
    return episode.key, episode.ended, episode.recovered, episode.superseded_by
