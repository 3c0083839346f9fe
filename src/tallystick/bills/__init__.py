"""What a quotation, an invoice and a credit note share: how a bill is asked for, gathered, stored and shown."""
