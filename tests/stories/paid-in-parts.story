# An invoice without a quotation is paid in three parts.
#
# By hand: 40 x 150 = 6000.00, less 10 % = 5400.00, tax 8.25 % of 5400 = 445.50, total 5845.50.

POST /customers
{"name": "Northwind", "email": "ap@northwind.example", "country": "US"}
201 {"id": "$customer", "name": "Northwind"}

POST /taxes
{"name": "Sales tax", "rate": 8.25}
201 {"id": "$tax"}

POST /products
{"name": "Web Development", "unit_price": 150, "unit": "hour", "tax_id": "$tax"}
201 {"id": "$product", "unit_price": 150.00}

POST /invoices
{"customer_id": "$customer", "issue_date": "2026-01-15", "due_date": "2999-02-15", "discount_type": "percentage",
 "discount_value": 10, "payment_terms": "Net 30", "items": [{"product_id": "$product", "quantity": 40}]}
201 {"id": "$invoice", "status": "draft", "subtotal": 6000.00, "discount_amount": 600.00, "tax_total": 445.50, "total": 5845.50, "taxes": [{"rate": 8.25, "category": "S", "base": 5400.00, "amount": 445.50}]}

POST /invoices/$invoice/payments
{"amount": 500}
409 {"code": "CONFLICT"}

POST /invoices/$invoice/publish
200 {"status": "sent", "balance_due": 5845.50, "invoice_number": "$number"}

POST /invoices/$invoice/payments
{"amount": 500.00, "method": "bank_transfer", "reference": "TXN-12345", "date": "2026-01-20"}
201 {"amount": 500.00, "invoice": {"status": "partially_paid", "balance_due": 5345.50}}

POST /invoices/$invoice/payments
{"amount": 5345.51}
409 {"code": "OVERPAYMENT"}

POST /invoices/$invoice/payments
{"amount": "5000.00", "method": "card"}
201 {"invoice": {"status": "partially_paid", "balance_due": 345.50}}

POST /invoices/$invoice/mark-paid
{"method": "cash"}
200 {"status": "paid", "amount_paid": 5845.50, "balance_due": 0.00, "invoice_number": "$number", "payments": [{"amount": 500.00}, {"amount": 5000.00}, {"amount": 345.50, "method": "cash"}]}

GET /customers/$customer
200 {"summary": {"USD": {"total_invoiced": 5845.50, "total_paid": 5845.50, "outstanding": 0.00, "credit_balance": 0.00}}}
