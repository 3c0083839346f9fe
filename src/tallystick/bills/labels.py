"""What a client keeps with a bill, or a schedule of bills, for itself (``core.labels``): its row holds it whole."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tallystick.core.labels import Metadata, merged


class Labels(msgspec.Struct, frozen=True):
    """All that is kept with one bill."""

    external_id: str | None = None
    metadata: Metadata = {}

    def changed(self, named: Mapping[str, Any]) -> "Labels":
        """With other values in the fields that are named; the metadata as ``merged``, whose errors it raises."""
        metadata = merged(self.metadata, named["metadata"]) if "metadata" in named else self.metadata
        return Labels(external_id=named.get("external_id", self.external_id), metadata=metadata)

    def of_copy(self) -> "Labels":
        """What a copy of the bill has of them; the client's own id is that of one bill alone."""
        return Labels(metadata=self.metadata)


FIELDS = Labels.__struct_fields__
