"""Rules for any kind: what a well-behaved controller says of its work, in conditions and in words.

In this order: an absent status, then conditions and words together. A condition that sums
the object up (`Ready`) decides; a phase refines it; the rest only where neither speaks.
"""

from __future__ import annotations

from dataclasses import replace

from dashboard.core.blame import HARD
from dashboard.core.counting import short_of_count, short_of_ratio
from dashboard.core.model import Cause, Verdict
from dashboard.core.profiles import BY_SENSE
from dashboard.core.reading import Reading, read_all
from dashboard.core.silence import no_answer, nothing_said
from dashboard.core.statuswords import CHECKS, Word, runs_to_an_end, status_word
from dashboard.core.subject import Finding, Subject
from dashboard.core.words import Sense, sense, tokens

SILENT = "NothingToWaitFor"
"""The reason where neither condition nor word says anything: there is nothing to wait for."""


def generic(subject: Subject) -> Finding:
    """kstatus's idea (`Ready` decides, silence is consent), with what operators really write read into it."""
    unanswered = no_answer(subject)
    if unanswered is not None:
        return unanswered
    found = _published(subject)
    if found.verdict is Verdict.CONVERGING and subject.spec.get("replicas") == 0 and not subject.count("readyReplicas"):
        return Finding(Verdict.SUSPENDED, "ScaledToZero", Cause("spec.replicas is 0"), found.since)
    if found.verdict is not Verdict.CONVERGED:
        return found
    return short_of_count(subject, silent=found.reason == SILENT) or found


def _published(subject: Subject) -> Finding:
    reading = read_all(subject)
    if reading.held is not None:
        return reading.held
    word = status_word(subject)
    if reading.finding is not None and reading.summed_up:
        return _refined(reading, reading.finding, word)
    if word is not None:
        return _by_word(reading, word)
    if reading.finding is not None:
        if reading.weak and reading.finding.verdict is Verdict.CONVERGED and runs_to_an_end(subject.kind):
            return replace(reading.finding, verdict=Verdict.CONVERGING, cause=Cause("running to its end"))
        return reading.finding
    return short_of_ratio(subject) or nothing_said(subject) or Finding(Verdict.CONVERGED, SILENT)


def _refined(reading: Reading, finding: Finding, word: Word | None) -> Finding:
    """A summary condition, refined by a phase: the phase says whether 'not ready' works or gave up."""
    if word is None or word.sense is Sense.GOOD:
        return finding
    verdict = BY_SENSE[word.sense]
    if finding.verdict is Verdict.CONVERGED:
        if sense(word.value) is Sense.GOOD:
            return finding  # `Running` of a request that the summary calls ready
        told = word.well_known or word.sense is Sense.BAD or not CHECKS.isdisjoint(tokens(word.name))
        return _worded(word, finding) if told else finding  # a part at work is no news beside a good summary
    if (reading.ambiguous and word.well_known) or verdict in (Verdict.SUSPENDED, Verdict.STALLED):
        return _worded(word, finding)
    return finding


def _by_word(reading: Reading, word: Word) -> Finding:
    """No condition sums up: the phase decides, unless a condition tells of a failure."""
    finding = reading.finding
    if finding is None or not reading.failed:
        return _worded(word, finding)
    told = finding.verdict
    if word.sense is Sense.GOOD:
        outweighs = told is Verdict.STALLED or (told is Verdict.CONVERGING and not reading.weak)
    else:
        openly = not HARD.isdisjoint(tokens(finding.reason))
        doubtful = word.sense is Sense.PAUSED or (word.sense is Sense.WORKING and not word.well_known)
        outweighs = doubtful and told is Verdict.STALLED and openly
    return finding if outweighs else _worded(word, finding)


def _worded(word: Word, finding: Finding | None) -> Finding:
    verdict = BY_SENSE[word.sense]
    cause = None
    if verdict is not Verdict.CONVERGED:
        told = finding.cause if finding is not None and finding.verdict is not Verdict.CONVERGED else None
        sentence = word.message or (told.sentence if told is not None else f"{word.name} is {word.value}")
        cause = Cause(sentence, reason=word.value)
    return Finding(verdict, word.value or word.name, cause, finding.since if finding is not None else None)
