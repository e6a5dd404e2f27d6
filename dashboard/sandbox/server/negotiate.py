"""Which representation a client wants: the Accept header."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.sandbox.failures import ApiFailure

REPRESENTATIONS = (
    "application/json, application/yaml, application/vnd.kubernetes.protobuf, "
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
)


@dataclass(frozen=True, slots=True)
class Media:
    """One accepted type: `json` or `yaml`, and what to convert to (`as_`, `group`, `version` may be empty)."""

    format: str = "json"
    as_: str = ""
    group: str = ""
    version: str = ""

    @property
    def table(self) -> bool:
        """Whether a Table is wanted."""
        return self.as_ == "Table"

    @property
    def partial(self) -> bool:
        """Whether only metadata is wanted."""
        return self.as_ in ("PartialObjectMetadata", "PartialObjectMetadataList")

    @property
    def content_type(self) -> str:
        """The Content-Type of the response."""
        return f"application/{self.format}"


@dataclass(slots=True)
class _Clause:
    media: str
    parameters: dict[str, str] = field(default_factory=dict)
    quality: float = 1.0


def _clauses(accept: str) -> list[_Clause]:
    out = []
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if not media:
            continue
        pairs = dict(p.partition("=")[::2] for p in parameters)
        clause = _Clause(media.lower(), pairs)
        try:
            clause.quality = float(pairs.get("q", "1"))
        except ValueError:
            clause.quality = 0.0
        out.append(clause)
    return sorted(out, key=lambda clause: -clause.quality)


FORMATS = {
    "application/json": "json",
    "application/*": "json",
    "*/*": "json",
    "application/yaml": "yaml",
}
CONVERSIONS = {
    ("Table", "meta.k8s.io", "v1"),
    ("PartialObjectMetadata", "meta.k8s.io", "v1"),
    ("PartialObjectMetadataList", "meta.k8s.io", "v1"),
    ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2"),
}


def media_for(accept: str) -> Media:
    """The first acceptable representation. Raises ApiFailure 406 when there is none."""
    for clause in _clauses(accept or "*/*"):
        kind = FORMATS.get(clause.media)
        if kind is None:
            continue
        wanted = tuple(clause.parameters.get(name, "") for name in ("as", "g", "v"))
        if wanted[0] and wanted not in CONVERSIONS:
            continue
        return Media(kind, *wanted)
    text = f"406: Not Acceptable\n\nAvailable representations: {REPRESENTATIONS}"
    raise ApiFailure(406, "NotAcceptable", text, {})
