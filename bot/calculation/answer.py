"""The answer to a calculation, exact or to 30 digits, as a line of text."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from bot.calculation.arithmetic import UNCERTAIN, Arithmetic, Value, bounds
from bot.calculation.grammar import Reader
from bot.calculation.words import words_of
from bot.errors import Refusal

TIMES = "\N{MULTIPLICATION SIGN}"
SHOWN_DIGITS = 30
MAX_PLACES = 50  # up to which a decimal is shown as the exact number that it is
MAX_FRACTION_CHARACTERS = 100
# Reals are worked out with more and more digits until all that are shown are sure; the last takes milliseconds.
PRECISIONS = (50, 200, 800)
NEARLY_ZERO = Fraction(1, 10**100)  # what is closer to it is not told from it
# Which decimals are written without a power of ten.
PLAIN_EXPONENTS = range(-7, SHOWN_DIGITS)


def calculated(written: str) -> str:
    """The result of a calculation: `= ` what it is exactly, `≈ ` what it nearly is.  Raises: Refusal."""
    words = words_of(written)
    refusal = Refusal(UNCERTAIN)
    for digits in PRECISIONS:
        arithmetic = Arithmetic(digits)
        try:
            return shown(Reader(words, arithmetic).read())
        except Refusal as error:
            if arithmetic.is_exact:
                raise
            refusal = error  # with more digits it may be clear that it is not zero, not negative or not a jump
    raise refusal


def shown(value: Value) -> str:
    """What a value is, or nearly is, with no digit that is not sure.  Raises: Refusal if it cannot be told yet."""
    if isinstance(value, Fraction):
        return exactly(value)
    low, high = bounds(value)
    if nearly(low) == nearly(high):
        return nearly(low)
    if -NEARLY_ZERO < low <= 0 <= high < NEARLY_ZERO:
        return "≈ 0"
    raise Refusal(UNCERTAIN)


def exactly(value: Fraction) -> str:
    """A fraction as a whole number or a decimal; as what it is and its nearest decimal where it is neither."""
    places = next((places for places in range(MAX_PLACES + 1) if 10**places % value.denominator == 0), None)
    if places is None:
        fraction = str(value)
        return f"= {fraction} {nearly(value)}" if len(fraction) <= MAX_FRACTION_CHARACTERS else nearly(value)
    whole, rest = divmod(abs(value.numerator) * 10**places // value.denominator, 10**places)
    return f"= {'-' if value < 0 else ''}{whole}{f'.{rest:0{places}d}' if places else ''}"


def nearly(value: Fraction) -> str:
    """The nearest decimal, with a power of ten where it is far from one."""
    decimal = Context(prec=SHOWN_DIGITS).divide(Decimal(value.numerator), Decimal(value.denominator))
    if decimal.adjusted() in PLAIN_EXPONENTS:
        return f"≈ {without_zeros(f'{decimal:f}')}"
    digits, _, exponent = f"{decimal:e}".partition("e")
    return f"≈ {without_zeros(digits)} {TIMES} 10^{int(exponent)}"


def without_zeros(written: str) -> str:
    """A decimal without the zeros at its end."""
    return written.rstrip("0").rstrip(".") if "." in written else written
