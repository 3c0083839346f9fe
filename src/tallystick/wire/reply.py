"""What an API function answers: data with a message, a list, or what is only begun."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Reply(msgspec.Struct, Generic[T], frozen=True):
    """A native reply that has something to say beside its data."""

    data: T
    message: str


class Accepted(Reply[T], Generic[T], frozen=True):
    """The reply to what is begun and goes on by itself: its status is 202."""


class ShownOnce(Reply[T], Generic[T], frozen=True):
    """The reply that shows a secret, which is kept nowhere: a repeat of the request is told the ``id`` of its data."""


class Pagination(msgspec.Struct, frozen=True):
    """Where in a list this page stands.

    ``page`` and ``total`` are left out of a list walked by cursor, where counting would cost more than the page;
    ``next`` is the cursor of the page that follows, or null. ``more`` is there where the list has more rows than
    ``total``, which is as far as is counted.
    """

    limit: int
    next: str | None
    page: int | msgspec.UnsetType = msgspec.UNSET
    total: int | msgspec.UnsetType = msgspec.UNSET
    more: bool | msgspec.UnsetType = msgspec.UNSET


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """A native list: rows and where they stand."""

    data: list[T]
    pagination: Pagination
