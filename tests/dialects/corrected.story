# An invoice over the wrong amount is corrected while nothing is paid on it, paid, and the payment taken back.

POST /customers
{"name": "Ann", "currency": "EUR"}
201 {"id": "$customer"}

POST /invoices
{"customer_id": "$customer", "issue_date": "2026-03-01", "due_date": "2026-03-31", "items": [{"description": "A", "unit_price": 80}]}
201 {"id": "$invoice", "total": 80.00}

POST /invoices
{"customer_id": "$customer", "issue_date": "2026-03-02", "due_date": "2026-04-30", "items": [{"description": "B", "unit_price": "0.01"}]}
201 {"id": "$other", "total": 0.01}

POST /invoices/$invoice/revise
{"customer_id": "$customer", "issue_date": "2026-03-01", "due_date": "2026-05-31", "items": [{"description": "A", "unit_price": "70.50"}]}
200 {"total": 70.50}

POST /invoices/$invoice/mark-paid
{"method": "card", "date": "2026-04-01"}
200 {"id": "$invoice", "payments": [{"id": "$payment"}]}

POST /invoices/$invoice/void
409 {"code": "CONFLICT"}

DELETE /payments/$payment
200 {"status": "reversed"}

POST /invoices/$invoice/void
200 {"status": "voided"}
