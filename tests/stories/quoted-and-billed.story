# A quotation is accepted by its customer, converted, and the invoice paid.
#
# By hand: 12.5 x 96 = 1200.00, 1 x 300 less 10 % = 270.00, subtotal 1470.00; less 70.00 leaves 1400.00.
# The 70.00 is spread by weight: 1200/1470 of it is 57.142..., 270/1470 is 12.857...: 57.14 and 12.86.
# Tax 19 % of (1200.00 - 57.14 + 270.00 - 12.86) = 19 % of 1400.00 = 266.00; total 1666.00.

POST /customers
{"name": "Studio Nord", "country": "DE", "currency": "EUR", "language": "de"}
201 {"id": "$customer"}

POST /taxes
{"name": "VAT", "rate": 19}
201 {"id": "$tax"}

POST /products
{"name": "Design", "unit_price": 96, "unit": "hour", "tax_id": "$tax"}
201 {"id": "$product"}

POST /quotations
{"customer_id": "$customer", "valid_until": "2999-12-31", "discount_type": "amount", "discount_value": 70, "notes": "With pleasure",
 "items": [{"product_id": "$product", "quantity": 12.5},
           {"description": "Fonts", "unit_price": 300, "tax_id": "$tax", "discount_type": "percentage", "discount_value": 10}]}
201 {"id": "$quotation", "status": "draft", "share_url": null, "invoice_id": null, "subtotal": 1470.00, "discount_amount": 70.00, "tax_total": 266.00, "total": 1666.00, "taxes": [{"rate": 19, "base": 1400.00, "amount": 266.00}]}

# Nobody but us sees a draft.
GET /public/quotations/1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
404 {"code": "NOT_FOUND"}

POST /quotations/$quotation/send
409 {"code": "EMAIL_NOT_CONFIGURED"}

POST /quotations/$quotation/publish
200 {"status": "sent", "quotation_number": "$number", "share_token": "$token"}

PUT /quotations/$quotation
{"notes": "Later"}
409 {"code": "CONFLICT"}

# The price changes, and what was offered stays.
PUT /products/$product
{"unit_price": 120}
200 {"unit_price": 120.00}

GET /public/quotations/$token
200 {"quotation_number": "$number", "status": "sent", "total": 1666.00, "notes": "With pleasure", "customer": {"name": "Studio Nord"}, "items": [{"description": "Design", "quantity": 12.5, "unit_price": 96.00, "line_total": 1200.00}, {"description": "Fonts", "line_total": 270.00}]}

POST /public/quotations/$token/accept
200 {"status": "accepted", "total": 1666.00}

POST /public/quotations/$token/reject
409 {"code": "CONFLICT"}

GET /quotations/$quotation
200 {"status": "accepted", "invoice_id": null}

POST /quotations/$quotation/convert
201 {"id": "$invoice", "status": "draft", "currency": "EUR", "subtotal": 1470.00, "discount_amount": 70.00, "tax_total": 266.00, "total": 1666.00, "balance_due": 1666.00, "notes": "With pleasure", "items": [{"description": "Design", "product_id": "$product", "unit_price": 96.00, "tax_amount": 217.14}, {"description": "Fonts", "discount_value": 10, "line_total": 270.00, "tax_amount": 48.86}]}

GET /quotations/$quotation
200 {"status": "converted", "quotation_number": "$number", "invoice_id": "$invoice"}

POST /quotations/$quotation/convert
409 {"code": "CONFLICT"}

GET /public/quotations/$token
200 {"status": "converted", "total": 1666.00}

POST /invoices/$invoice/publish
200 {"status": "sent", "total": 1666.00, "share_token": "$link"}

POST /invoices/$invoice/mark-paid
{"method": "bank_transfer"}
200 {"status": "paid", "balance_due": 0.00}

GET /public/invoices/$link
200 {"status": "paid", "total": 1666.00, "amount_paid": 1666.00, "balance_due": 0.00, "customer": {"name": "Studio Nord", "language": "de"}}
