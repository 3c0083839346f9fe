# A customer pays too much, and the excess pays a part of the next invoice.

POST /customers
{"name": "Kimura", "currency": "JPY"}
201 {"id": "$customer"}

POST /invoices
{"customer_id": "$customer", "due_date": "2999-01-01", "items": [{"description": "Tea", "quantity": 3, "unit_price": "333.3", "tax_rate": 0}]}
201 {"id": "$first", "total": 1000, "currency": "JPY"}

POST /invoices/$first/publish
200 {"status": "sent"}

POST /invoices/$first/payments
{"amount": 1000.5, "excess": "credit"}
422 {"code": "VALIDATION_FAILED"}

POST /invoices/$first/payments
{"amount": 1200}
409 {"code": "OVERPAYMENT"}

POST /invoices/$first/payments
{"amount": 1200, "excess": "credit"}
201 {"id": "$payment", "amount": 1200, "to_credit": 200, "invoice": {"status": "paid", "amount_paid": 1000, "balance_due": 0}}

POST /invoices
{"customer_id": "$customer", "due_date": "2999-01-01", "items": [{"description": "Tea", "quantity": 1, "unit_price": 500, "tax_rate": 0}]}
201 {"id": "$second"}

POST /invoices/$second/publish
200 {"status": "sent"}

POST /invoices/$second/payments
{"amount": 201, "method": "credit"}
409 {"code": "CONFLICT"}

POST /invoices/$second/payments
{"amount": 200, "method": "credit"}
201 {"invoice": {"status": "partially_paid", "balance_due": 300}}

DELETE /payments/$payment
409 {"code": "CONFLICT"}

GET /customers/$customer
200 {"summary": {"JPY": {"total_invoiced": 1500, "total_paid": 1200, "total_credited": 0, "received": 1200, "outstanding": 300, "credit_balance": 0}}}
