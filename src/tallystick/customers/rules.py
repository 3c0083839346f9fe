"""The decisions of customers."""


def email_key(email: str) -> str:
    """What is compared of an e-mail address: all but the case of its letters.

    RFC 5321, 2.4, lets a mailbox tell cases apart; no provider does, and people write their own address either way.
    """
    return email.casefold()
