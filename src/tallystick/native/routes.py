"""The one list of the native API's routes."""

from tallystick.accounts import api as accounts
from tallystick.accounts.types import Scope
from tallystick.bulk import api as bulk
from tallystick.credit_notes import api as credit_notes
from tallystick.credit_notes import public as public_credit_notes
from tallystick.customers import api as customers
from tallystick.delivery import api as delivery
from tallystick.documents import api as documents
from tallystick.documents import logo_api as logos
from tallystick.documents import template_api as templates
from tallystick.http.routes import Route
from tallystick.invoices import api as invoices
from tallystick.invoices import public as public_invoices
from tallystick.native.outline import ApiJson, outline
from tallystick.payments import api as payments
from tallystick.products import api as products
from tallystick.quotations import api as quotations
from tallystick.quotations import convert
from tallystick.quotations import public as public_quotations
from tallystick.recurring import api as recurring
from tallystick.recurring import usage_api as open_usage
from tallystick.stats import api as stats
from tallystick.store import tables
from tallystick.taxes import api as taxes
from tallystick.usage import api as usage
from tallystick.usage import explain_api as explain
from tallystick.usage import looking as usage_looking
from tallystick.usage import rejected_api as usage_rejected
from tallystick.usage import report_api as usage_report
from tallystick.usage.events import MAX_BODY_BYTES
from tallystick.wire.call import Call

PREFIX = "/api/v1"
MAX_ANSWER_BYTES = 16 * 1024
"""What a stranger may send who answers a quotation."""


def describe(_call: Call) -> ApiJson:
    """Describe this API: each endpoint with its method, its path and one line."""
    return outline(PREFIX, ROUTES)


ROUTES = (
    Route("GET", "", describe),
    Route("GET", "/settings", accounts.get_settings, row=tables.accounts),
    Route("PUT", "/settings", accounts.update_settings, needs=Scope.ADMIN),
    Route("GET", "/settings/logo", logos.show_logo, may_lack=True),
    Route("PUT", "/settings/logo", logos.put_logo, needs=Scope.ADMIN, is_apart=True),
    Route("DELETE", "/settings/logo", logos.delete_logo, needs=Scope.ADMIN, may_lack=True),
    Route("GET", "/api-keys", accounts.list_keys, needs=Scope.ADMIN),
    Route("POST", "/api-keys", accounts.create_key, status=201, makes="/api-keys", needs=Scope.ADMIN),
    Route("DELETE", "/api-keys/{key_id}", accounts.revoke_key, needs=Scope.ADMIN),
    Route("GET", "/customers", customers.index, is_one_look=True),
    Route("POST", "/customers", customers.create, status=201, makes="/customers"),
    Route("GET", "/customers/export/csv", customers.export_csv),
    Route("GET", "/customers/{customer_id}", customers.get, row=tables.customers),
    Route("GET", "/customers/{customer_id}/statement", documents.statement),
    Route("GET", "/customers/{customer_id}/statement/pdf", documents.statement_pdf),
    Route("PUT", "/customers/{customer_id}", customers.update),
    Route("DELETE", "/customers/{customer_id}", customers.delete),
    Route("GET", "/products", products.index, is_one_look=True),
    Route("POST", "/products", products.create, status=201, makes="/products"),
    Route("GET", "/products/export/csv", products.export_csv),
    Route("GET", "/products/{product_id}", products.get, row=tables.products, is_one_look=True),
    Route("PUT", "/products/{product_id}", products.update),
    Route("DELETE", "/products/{product_id}", products.delete),
    Route("POST", "/products/{product_id}/reactivate", products.reactivate),
    Route("GET", "/taxes", taxes.index, is_one_look=True),
    Route("POST", "/taxes", taxes.create, status=201, makes="/taxes"),
    Route("GET", "/taxes/{tax_id}", taxes.get, row=tables.taxes, is_one_look=True),
    Route("PUT", "/taxes/{tax_id}", taxes.update),
    Route("DELETE", "/taxes/{tax_id}", taxes.delete),
    Route("GET", "/templates", templates.index, needs=Scope.ADMIN),
    Route("POST", "/templates", templates.create, status=201, makes="/templates", is_apart=True, needs=Scope.ADMIN),
    Route("GET", "/templates/{template_id}", templates.get, needs=Scope.ADMIN),
    Route("PUT", "/templates/{template_id}", templates.update, is_apart=True, needs=Scope.ADMIN),
    Route("DELETE", "/templates/{template_id}", templates.delete, needs=Scope.ADMIN),
    Route("PUT", "/templates/{template_id}/default", templates.make_default, needs=Scope.ADMIN),
    Route("POST", "/templates/{template_id}/preview", templates.preview, needs=Scope.ADMIN, asks=True, is_apart=True),
    Route("GET", "/invoices", invoices.index, is_one_look=True),
    Route("POST", "/invoices", invoices.create, status=201, makes="/invoices"),
    Route("POST", "/invoices/preview", invoices.preview),
    Route("GET", "/invoices/export/csv", invoices.export_csv),
    Route("GET", "/invoices/export/pdf", documents.export_pdf),
    Route("GET", "/invoices/next-number", invoices.next_number),
    Route("POST", "/invoices/batch", bulk.batch, is_long=True),
    Route("GET", "/invoices/trash/list", invoices.trash),
    Route("POST", "/invoices/trash/batch", bulk.trash_batch, is_long=True),
    Route("GET", "/invoices/{invoice_id}", invoices.get, row=tables.invoices, is_one_look=True),
    Route("GET", "/invoices/{invoice_id}/pdf", documents.invoice_pdf),
    Route("PUT", "/invoices/{invoice_id}", invoices.update),
    Route("DELETE", "/invoices/{invoice_id}", invoices.delete),
    Route("GET", "/invoices/{invoice_id}/activity", invoices.activity),
    Route("POST", "/invoices/{invoice_id}/publish", invoices.publish),
    Route("POST", "/invoices/{invoice_id}/share/rotate", invoices.rotate_share),
    Route("DELETE", "/invoices/{invoice_id}/share", invoices.revoke_share),
    Route("POST", "/invoices/{invoice_id}/mark-sent", invoices.mark_sent),
    Route("POST", "/invoices/{invoice_id}/revise", invoices.revise),
    Route("POST", "/invoices/{invoice_id}/unpublish", invoices.unpublish),
    Route("POST", "/invoices/{invoice_id}/send", delivery.send_invoice),
    Route("POST", "/invoices/{invoice_id}/void", invoices.void),
    Route("POST", "/invoices/{invoice_id}/duplicate", invoices.duplicate, status=201, makes="/invoices"),
    Route("POST", "/invoices/{invoice_id}/restore", invoices.restore),
    Route("POST", "/invoices/{invoice_id}/mark-paid", payments.mark_paid),
    Route("GET", "/invoices/{invoice_id}/payments", payments.index_of_invoice),
    Route("POST", "/invoices/{invoice_id}/payments", payments.record, status=201, makes="/payments"),
    Route("DELETE", "/invoices/{invoice_id}/payments/{payment_id}", payments.reverse_of_invoice),
    Route("POST", "/invoices/{invoice_id}/credit-note", credit_notes.create, status=201, makes="/credit-notes"),
    Route("GET", "/quotations", quotations.index, is_one_look=True),
    Route("POST", "/quotations", quotations.create, status=201, makes="/quotations"),
    Route("POST", "/quotations/preview", quotations.preview),
    Route("GET", "/quotations/export/csv", quotations.export_csv),
    Route("GET", "/quotations/{quotation_id}", quotations.get, row=tables.quotations, is_one_look=True),
    Route("GET", "/quotations/{quotation_id}/pdf", documents.quotation_pdf),
    Route("PUT", "/quotations/{quotation_id}", quotations.update),
    Route("DELETE", "/quotations/{quotation_id}", quotations.delete),
    Route("POST", "/quotations/{quotation_id}/publish", quotations.publish),
    Route("POST", "/quotations/{quotation_id}/share/rotate", quotations.rotate_share),
    Route("DELETE", "/quotations/{quotation_id}/share", quotations.revoke_share),
    Route("POST", "/quotations/{quotation_id}/mark-sent", quotations.mark_sent),
    Route("POST", "/quotations/{quotation_id}/send", delivery.send_quotation),
    Route("POST", "/quotations/{quotation_id}/accept", quotations.accept),
    Route("POST", "/quotations/{quotation_id}/reject", quotations.reject),
    Route("POST", "/quotations/{quotation_id}/duplicate", quotations.duplicate, status=201, makes="/quotations"),
    Route("POST", "/quotations/{quotation_id}/convert", convert.convert, status=201, makes="/invoices"),
    Route("GET", "/public/quotations/{token}", public_quotations.get_shared, is_long=True),
    Route("GET", "/public/quotations/{token}/pdf", documents.shared_quotation_pdf),
    *(
        Route("POST", f"/public/quotations/{{token}}/{verb}", answer, max_body_bytes=MAX_ANSWER_BYTES)
        for verb, answer in (("accept", public_quotations.accept_shared), ("reject", public_quotations.reject_shared))
    ),
    Route("GET", "/public/invoices/{token}", public_invoices.get_shared, is_long=True),
    Route("GET", "/public/invoices/{token}/pdf", documents.shared_invoice_pdf),
    Route("GET", "/public/credit-notes/{token}/pdf", documents.shared_credit_note_pdf),
    Route("GET", "/public/credit-notes/{token}", public_credit_notes.get_shared, is_long=True),
    Route("GET", "/payments", payments.index),
    Route("POST", "/payments", payments.create, status=201, makes="/payments"),
    Route("GET", "/payments/export/csv", payments.export_csv),
    Route("GET", "/payments/{payment_id}", payments.get, row=tables.payments),
    Route("GET", "/payments/{payment_id}/pdf", documents.receipt_pdf),
    Route("PUT", "/payments/{payment_id}", payments.update),
    Route("DELETE", "/payments/{payment_id}", payments.reverse),
    Route("GET", "/recurring-billing", recurring.index),
    Route("POST", "/recurring-billing", recurring.create, status=201, makes="/recurring-billing"),
    Route("POST", "/recurring-billing/process", recurring.process, is_long=True),
    Route("GET", "/recurring-billing/runs/{run_id}", recurring.get_run),
    Route("GET", "/recurring-billing/{recurring_id}", recurring.get, row=tables.recurring),
    Route("PUT", "/recurring-billing/{recurring_id}", recurring.update),
    Route("DELETE", "/recurring-billing/{recurring_id}", recurring.delete),
    Route("POST", "/recurring-billing/{recurring_id}/toggle", recurring.toggle),
    Route("GET", "/credit-notes", credit_notes.index),
    Route("GET", "/credit-notes/export/csv", credit_notes.export_csv),
    Route("GET", "/credit-notes/{credit_note_id}", credit_notes.get, row=tables.credit_notes),
    Route("GET", "/credit-notes/{credit_note_id}/pdf", documents.credit_note_pdf),
    Route("PUT", "/credit-notes/{credit_note_id}", credit_notes.update),
    Route("POST", "/credit-notes/{credit_note_id}/share/rotate", credit_notes.rotate_share),
    Route("DELETE", "/credit-notes/{credit_note_id}/share", credit_notes.revoke_share),
    Route("POST", "/usage/events", usage.ingest, of_usage=True, is_long=True, max_body_bytes=MAX_BODY_BYTES),
    Route("GET", "/usage/events", usage_looking.list_events, of_usage=True, is_long=True),
    Route("GET", "/usage/rejected", usage_rejected.list_rejected, of_usage=True),
    Route("POST", "/usage/rejected/retry", usage_rejected.retry, of_usage=True, is_long=True),
    Route("POST", "/usage/meters/preview", usage_looking.preview, of_usage=True, asks=True, is_long=True),
    Route("GET", "/usage/report", usage_report.show, of_usage=True, is_long=True),
    Route("GET", "/usage/report/csv", usage_report.export_csv, of_usage=True),
    Route("GET", "/invoices/{invoice_id}/usage", explain.explain, of_usage=True, is_long=True),
    Route("GET", "/invoices/{invoice_id}/usage/csv", explain.explain_csv, of_usage=True),
    Route("GET", "/customers/{customer_id}/usage", open_usage.show, of_usage=True, is_long=True),
    Route("GET", "/usage/meters", usage.list_meters),
    Route("POST", "/usage/meters", usage.create_meter, status=201, makes="/usage/meters", made_by="key"),
    Route("GET", "/usage/meters/{key}", usage.get_meter),
    Route("PUT", "/usage/meters/{key}", usage.update_meter),
    Route("DELETE", "/usage/meters/{key}", usage.delete_meter),
    Route("GET", "/usage/rates", usage.list_rates),
    Route("POST", "/usage/rates", usage.create_rate, status=201, makes="/usage/rates"),
    Route("GET", "/usage/rates/{rate_id}", usage.get_rate, row=tables.usage_rates),
    Route("PUT", "/usage/rates/{rate_id}", usage.update_rate),
    Route("DELETE", "/usage/rates/{rate_id}", usage.delete_rate),
    Route("GET", "/stats", stats.show, is_long=True),
)
