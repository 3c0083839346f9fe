"""A kind of thing of the catalogue, described once: what makes, changes, lists and deletes it follows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select

from tallystick.core.account import Account
from tallystick.core.errors import NotFound, ValidationFailed
from tallystick.core.events import Event
from tallystick.store import outbox
from tallystick.store.db import Tx
from tallystick.store.paging import Page, PageRequest, fetch, stream
from tallystick.store.rows import Rows
from tallystick.store.search import mentions
from tallystick.store.unique import Unique, refusing_taken

T = TypeVar("T", bound=msgspec.Struct)
Values = Mapping[str, Any]

_id_of = attrgetter("id")


class ResourceEvents(NamedTuple):
    """The events that tell of what happens to it."""

    created: Event
    updated: Event
    deleted: Event


class Resource(Generic[T]):
    """Things of one kind, kept in ``rows``.

    ``sorts`` are what a list can be sorted by, the default first, and ``searched`` where it is searched. ``in_use``
    refuses to delete what another row names. ``unique`` are the columns that each has for itself, and ``derived`` adds
    to some values the columns that follow from them.
    """

    def __init__(
        self,
        rows: Rows[T],
        *,
        told: ResourceEvents,
        sorts: Mapping[str, ColumnElement[Any]],
        searched: Sequence[ColumnElement[Any]],
        in_use: str,
        unique: Sequence[Unique] = (),
        derived: Callable[[Values], Values] = lambda values: values,
    ) -> None:
        self._rows = rows
        self._told = told
        self.sorts = sorts
        self._searched = searched
        self._in_use = in_use
        self._unique = unique
        self._derived = derived

    def get(self, tx: Tx, account: Account, row_id: int) -> T:
        """The one with this id, or NotFound."""
        return self._rows.get(tx, account, row_id)

    def find(self, tx: Tx, account: Account, ids: set[int]) -> dict[int, T]:
        """Those with these ids, by id; no query where there are none to look for."""
        return {_id_of(row): row for row in self._rows.find(tx, account, ids)}

    def named(self, tx: Tx, account: Account, field: str, row_id: int) -> T:
        """The one that a request's ``field`` names, or ValidationFailed for that field."""
        try:
            return self.get(tx, account, row_id)
        except NotFound as error:
            raise ValidationFailed({field: [error.message]}) from None

    def page(self, tx: Tx, account: Account, request: PageRequest, search: str | None, **equal: Any) -> Page[T]:
        """A page of those in which ``search`` is found, and whose columns are ``equal`` to what is not None."""
        query = self._selected(account, search, equal)
        return fetch(tx, query, request, sorts=self.sorts, kind=self._rows.read)

    def every(self, tx: Tx, account: Account, request: PageRequest, search: str | None, **equal: Any) -> Iterator[T]:
        """As ``page``, all of them."""
        query = self._selected(account, search, equal)
        return stream(tx, query, request, sorts=self.sorts, kind=self._rows.read)

    def create(self, tx: Tx, account: Account, values: Values) -> T:
        """Makes one. Raises Conflict where what each has for itself is taken."""
        with refusing_taken(self._unique, values):
            made = self._rows.insert(tx, account, self._derived(values))
        outbox.add(tx, account, self._told.created, _id_of(made))
        return made

    def update(self, tx: Tx, account: Account, row_id: int, changes: Values, version: int | None) -> T:
        """Changes what ``changes`` name; issued bills keep their own copy.

        Raises NotFound, and Conflict where ``version`` is stale or what each has for itself is taken.
        """
        return self.change(tx, account, row_id, changes, version, self._told.updated)

    def change(self, tx: Tx, account: Account, row_id: int, changes: Values, version: int | None, event: Event) -> T:
        """As ``update``, told as this event."""
        with refusing_taken(self._unique, changes):
            changed = self._rows.update(tx, account, row_id, self._derived(changes), version=version)
        outbox.add(tx, account, event, row_id)
        return changed

    def delete(self, tx: Tx, account: Account, row_id: int) -> None:
        """Deletes one that nothing names. Raises NotFound, and Conflict where something does."""
        self._rows.delete(tx, account, row_id, in_use=self._in_use)
        outbox.add(tx, account, self._told.deleted, row_id)

    def _selected(self, account: Account, search: str | None, equal: Values) -> Select[Any]:
        columns = self._rows.table.c
        tests = [columns[name] == value for name, value in equal.items() if value is not None]
        if search:
            tests.append(mentions(search, *self._searched))
        return self._rows.selection(account).where(*tests)
