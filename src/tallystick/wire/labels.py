"""A request for a thing of which nothing but its labels (``core.labels``) can change (ADR 43)."""

from typing import ClassVar

from msgspec import UNSET, UnsetType

from tallystick.wire.call import Change
from tallystick.wire.scalars import ExternalId, MetadataChange


class LabelsChange(Change, kw_only=True):
    """What its client keeps with it, as far as that is to change; nothing else of it can."""

    unknown: ClassVar[str] = "Cannot be changed: only external_id and metadata can."

    external_id: ExternalId | None | UnsetType = UNSET
    metadata: MetadataChange | None | UnsetType = UNSET
