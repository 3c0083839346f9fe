# A cheque pays two invoices, one of which is then cancelled; part of its credit is spent, and the cheque bounces.
#
# By hand: 120.00 and 80.00 are paid by 200.00; the note of 120.00 is all credit, of which 50.00 pay a third invoice.
# Of the cheque nothing is left; 120 - 50 = 70.00 of the note go back, and 50.00 of the first and 80.00 are due.

POST /customers
{"name": "Ann", "currency": "EUR"}
201 {"id": "$customer"}

POST /invoices
{"customer_id": "$customer", "due_date": "2999-01-01", "invoice_number": "A", "items": [{"description": "A", "unit_price": 100, "tax_rate": 20}]}
201 {"id": "$first", "total": 120.00}

POST /invoices
{"customer_id": "$customer", "due_date": "2999-01-02", "invoice_number": "B", "items": [{"description": "B", "unit_price": 80, "tax_rate": 0}]}
201 {"id": "$second"}

POST /invoices
{"customer_id": "$customer", "due_date": "2999-01-03", "invoice_number": "C", "items": [{"description": "C", "unit_price": 50, "tax_rate": 0}]}
201 {"id": "$third"}

POST /invoices/batch
{"action": "publish", "ids": ["$first", "$second", "$third"]}
200 {"succeeded": 3}

POST /payments
{"customer_id": "$customer", "amount": 200, "method": "check", "date": "2026-01-20"}
201 {"id": "$cheque", "to_credit": 0.00, "allocations": [{"invoice_number": "A", "amount": 120.00}, {"invoice_number": "B", "amount": 80.00}]}

POST /invoices/$first/credit-note
{"reason": "Cancelled"}
201 {"id": "$note", "amount_applied": 0.00, "amount_to_credit": 120.00}

POST /invoices/$third/mark-paid
{"method": "credit"}
200 {"status": "paid"}

GET /customers/$customer
200 {"summary": {"EUR": {"total_invoiced": 250.00, "total_paid": 250.00, "total_credited": 0.00, "outstanding": 0.00, "received": 200.00, "credit_notes": 120.00, "credit_balance": 70.00}}}

DELETE /invoices/$second/payments/$cheque
200 {"status": "reversed", "invoice": {"balance_due": 80.00}}

GET /invoices/$first
200 {"status": "partially_paid", "amount_paid": 0.00, "amount_credited": 70.00, "balance_due": 50.00}

GET /credit-notes/$note
200 {"total": 120.00, "amount_applied": 70.00, "amount_to_credit": 50.00}

GET /customers/$customer
200 {"summary": {"EUR": {"total_invoiced": 250.00, "total_paid": 50.00, "total_credited": 70.00, "outstanding": 130.00, "received": 0.00, "credit_notes": 120.00, "credit_balance": 0.00}}}

GET /stats
200 {"amounts": {"EUR": {"invoiced": 250.00, "paid": 50.00, "credited": 70.00, "outstanding": 130.00, "received": 0.00, "credit_notes": 120.00, "customer_credit": 0.00}}}

GET /payments?invoice_id=$third
200 [{"id": "$spent", "method": "credit", "amount": 50.00}]

DELETE /payments/$spent
200 {"status": "reversed"}

GET /invoices/$first
200 {"status": "paid", "amount_credited": 120.00, "balance_due": 0.00}

GET /stats
200 {"amounts": {"EUR": {"invoiced": 250.00, "paid": 0.00, "credited": 120.00, "outstanding": 130.00, "received": 0.00, "credit_notes": 120.00, "customer_credit": 0.00}}}
