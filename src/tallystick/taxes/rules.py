"""The rules of taxes."""

from tallystick.core.bill import LineTax
from tallystick.core.errors import ValidationFailed
from tallystick.core.tax_categories import rate_refusal, reason_refusal


def check(tax: LineTax) -> None:
    """Raises ValidationFailed for what no tax can be (EN 16931): with the rule, for ``rate`` or ``exemption_reason``.

    That an exempt tax has no reason yet is fine until a bill is issued with it.
    """
    refusals = {"rate": rate_refusal(tax), "exemption_reason": reason_refusal(tax)}
    errors = {field: [refusal] for field, refusal in refusals.items() if refusal}
    if errors:
        raise ValidationFailed(errors)
