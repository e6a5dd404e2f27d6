"""What a webhook says: the facts of an event, as signed JSON or as a message for Slack."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote

from dashboard.core.model import Episode, Hop
from dashboard.core.objects import plain

GENERIC, SLACK = "generic", "slack"
FORMS = (GENERIC, SLACK)
TEST = "test"
EVENTS = ("stalled", "slower", "recovered")
WORDS = {
    "stalled": "is stalled",
    "slower": "took longer than it usually does",
    "recovered": "has recovered",
    TEST: "is a test of this webhook",
}
ID, TIMESTAMP, SIGNATURE = "ReconcilerViz-Id", "ReconcilerViz-Timestamp", "ReconcilerViz-Signature"

Facts = dict[str, Any]


def facts(cluster: str, episode: Episode, event: str, public: str, *, namespace: str, kind: str, name: str) -> Facts:
    """What is said of an event: no declared values, for they may be secrets. `public` is the pages' address or ""."""
    longest = max(episode.hops, key=lambda hop: hop.took, default=None)
    return {
        "event": event,
        "cluster": cluster,
        "object": {
            "id": plain(episode.object, 700),
            "kind": plain(kind, 253),
            "namespace": plain(namespace, 253),
            "name": plain(name, 253),
        },
        "episode": {
            "key": episode.key,
            "kind": episode.kind,
            "opened": episode.opened,
            "closed": episode.closed,
            "ended": episode.ended,
            "recovered": episode.recovered,
            "verdict": episode.verdict,
            "reason": plain(episode.reason, 253),
            "cause": plain(episode.cause, 500),
            "by": plain(episode.by, 253),
            "changed": [plain(change.path, 253) for change in episode.changes[:20]],
            "longest": _hop(longest) if longest else None,
        },
        "url": f"{public}/c/{quote(cluster, safe='')}/e/{quote(episode.key, safe='')}/" if public else "",
    }


def _hop(hop: Hop) -> Facts:
    return {"name": hop.name, "took": hop.took, "object": plain(hop.object, 700), "detail": plain(hop.detail, 300)}


def trial_facts(rule: str, public: str) -> Facts:
    """What the test button says: of the same shape, about nothing."""
    about = {"id": "", "kind": "Webhook", "namespace": "", "name": plain(rule, 80)}
    return {"event": TEST, "cluster": "", "object": about, "episode": None, "url": f"{public}/hooks/" if public else ""}


def body(form: str, id: str, said: Facts) -> bytes:
    """The bytes that are sent. Of the same facts they are always the same."""
    content = {"text": slack(said)} if form == SLACK else {"id": id, **said}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def headers(form: str, id: str, secret: str, now: float, content: bytes) -> dict[str, str]:
    """What goes with it: the id that stays the same over retries and, for JSON, time and signature."""
    found = {"Content-Type": "application/json", "User-Agent": "ReconcilerViz"}
    if form == GENERIC:
        stamp = str(int(now))
        found |= {ID: id, TIMESTAMP: stamp, SIGNATURE: f"v1={sign(secret, stamp, content)}"}
    return found


def sign(secret: str, stamp: str, content: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a full stop and the body, in hex."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + content, hashlib.sha256).hexdigest()


def slack(said: Facts) -> str:
    """One message: what happened to what, why, and a link. Every word from a cluster is escaped."""
    about, episode = said["object"], said["episode"] or {}
    place = "/".join(part for part in (about["namespace"], about["name"]) if part)
    lines = [f"{about['kind']} {place} {WORDS[said['event']]}" + (f" ({said['cluster']})" if said["cluster"] else "")]
    if said["event"] != "recovered" and episode.get("cause"):
        lines.append(episode["cause"])
    if said["event"] == "slower" and episode.get("longest"):
        hop = episode["longest"]
        lines.append(f"longest: {hop['name']}, {hop['took']:.0f} s {hop['detail']}".rstrip())
    text = "\n".join(escaped(line) for line in lines)
    return f"{text}\n<{escaped(said['url'])}|Open it>" if said["url"] else text


def escaped(text: str) -> str:
    """Slack's three (https://docs.slack.dev/messaging/formatting-message-text): then nothing can link or mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
