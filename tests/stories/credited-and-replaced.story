# A wrong invoice is credited whole and replaced by the right one, which is paid by what was paid before.
#
# By hand: wrong 3 x 100 + 20 % = 360.00; right 2 x 100 + 20 % = 240.00; 360 paid, so 120 stays as credit.

PUT /settings
{"currency": "EUR", "timezone": "Europe/Vienna", "number_patterns": {"invoice": "R{SEQ}", "credit_note": "G{SEQ}"}}
200 {"currency": "EUR"}

POST /customers
{"name": "Bäckerei Öz", "country": "AT"}
201 {"id": "$customer"}

POST /invoices
{"customer_id": "$customer", "items": [{"description": "Ofen", "quantity": 3, "unit_price": 100, "tax_rate": 20}]}
201 {"id": "$wrong", "total": 360.00, "currency": "EUR"}

POST /invoices/$wrong/mark-paid
200 {"status": "paid", "invoice_number": "R1"}

POST /invoices/$wrong/void
409 {"code": "CONFLICT"}

POST /invoices/$wrong/credit-note
{"reason": "Three instead of two"}
201 {"id": "$note", "credit_note_number": "G1", "total": 360.00, "tax_total": 60.00, "amount_applied": 0.00, "amount_to_credit": 360.00, "invoice": {"balance_due": 0.00}}

POST /invoices/$wrong/credit-note
422 {"code": "VALIDATION_FAILED"}

POST /invoices/$wrong/duplicate
201 {"id": "$right", "status": "draft", "items": [{"description": "Ofen", "quantity": 3}]}

PUT /invoices/$right
{"items": [{"description": "Ofen", "quantity": 2, "unit_price": 100, "tax_rate": 20}]}
200 {"total": 240.00}

POST /invoices/$right/publish
200 {"invoice_number": "R2", "status": "sent"}

POST /invoices/$right/payments
{"amount": 240, "method": "credit"}
201 {"invoice": {"status": "paid"}}

GET /customers/$customer
200 {"summary": {"EUR": {"total_invoiced": 600.00, "total_paid": 600.00, "total_credited": 0.00, "received": 360.00, "credit_notes": 360.00, "outstanding": 0.00, "credit_balance": 120.00}}}

GET /credit-notes/$note
200 {"invoice_number": "R1", "reason": "Three instead of two", "items": [{"description": "Ofen", "quantity": 3, "line_total": 300.00, "tax_amount": 60.00}]}
