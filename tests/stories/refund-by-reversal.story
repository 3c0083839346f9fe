# Money that was booked on the wrong invoice is taken back and booked on the right one.

POST /customers
{"name": "Ann"}
201 {"id": "$customer"}

POST /invoices
{"customer_id": "$customer", "due_date": "2999-01-01", "items": [{"description": "A", "unit_price": 80, "tax_rate": 0}]}
201 {"id": "$first"}

POST /invoices
{"customer_id": "$customer", "due_date": "2999-01-01", "items": [{"description": "B", "unit_price": 80, "tax_rate": 0}]}
201 {"id": "$second"}

POST /invoices/batch
{"action": "publish", "ids": ["$first", "$second"]}
200 {"succeeded": 2, "failed": 0, "errors": []}

POST /invoices/$first/payments
{"amount": 80, "reference": "for B"}
201 {"id": "$payment", "invoice": {"status": "paid"}}

DELETE /invoices/$first/payments/$payment
200 {"status": "reversed", "invoice": {"status": "sent", "balance_due": 80.00, "amount_paid": 0.00}}

POST /invoices/$second/payments
{"amount": 80, "reference": "for B"}
201 {"invoice": {"status": "paid"}}

POST /invoices/$first/void
200 {"status": "voided"}

GET /payments?customer_id=$customer
200 [{"status": "succeeded", "amount": 80.00}, {"status": "reversed", "amount": 80.00}]

GET /customers/$customer
200 {"summary": {"USD": {"total_invoiced": 80.00, "total_paid": 80.00, "total_credited": 0.00, "received": 80.00, "outstanding": 0.00, "credit_balance": 0.00}}}
