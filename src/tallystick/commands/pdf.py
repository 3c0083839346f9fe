"""``tallystick pdf``: a document as a file."""

from pathlib import Path
from typing import Annotated

import typer

from tallystick import config
from tallystick.accounts import store as accounts
from tallystick.commands.common import AccountId
from tallystick.documents import logos, printable, templates
from tallystick.documents.files import pdf_file
from tallystick.documents.frame import For
from tallystick.invoices import store
from tallystick.opening import existing
from tallystick.store.backup import new_file
from tallystick.store.secrets import FIRST_ACCOUNT_ID

app = typer.Typer()


@app.command()
def command(
    invoice: Annotated[str, typer.Argument(help="The invoice's number, or its id.")],
    file: Annotated[Path | None, typer.Argument(help="A new file; one named after the number without it.")] = None,
    language: Annotated[str | None, typer.Option(help="As de; else the customer's.")] = None,
    template: Annotated[str | None, typer.Option(help="As modern; else the invoice's own.")] = None,
    account: AccountId = FIRST_ACCOUNT_ID,
) -> None:
    """Write the PDF of an invoice."""
    with existing(config.from_environment()) as database, database.read() as tx:
        owner = accounts.get(tx, account)
        found = store.get(tx, owner, store.id_called(tx, owner, invoice))
        shown = printable.of_invoice(found, For(owner, tx.now, language))
        setter = templates.chosen(tx, owner, logos.find(tx, owner), template, shown.wish)
        made = pdf_file(shown, setter)
    target = file or Path((made.name or "").replace("/", "-"))
    with new_file(target) as part:
        part.write_bytes(b"".join(made.chunks))
    print(f"Wrote {target}.")
