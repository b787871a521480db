"""Numbers: fractions as long as they are exact, then intervals around a real; never larger than can be written."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from bot.errors import Refusal

Value = Any  # a Fraction, or an interval of mpmath's in which the number surely lies

# Python writes no integer of more than 4300 digits, and nobody reads one.  The same for what is that close to zero.
MAX_DIGITS = 4000
MAX_BITS = int(MAX_DIGITS * math.log2(10))
MAX_FACTORIAL = 1500  # 1500! has 4115 digits
MAX_PLACES = 100  # that a number can be rounded to

TOO_LARGE = f"That is beyond numbers of {MAX_DIGITS:,} digits, which is as far as I calculate."
BY_ZERO = "Nothing can be divided by zero."
NOT_REAL = "That has no value among the real numbers."
LOG = "Write ln(x), log10(x) or log(x, base): log alone means different things to different people."
UNCERTAIN = (
    "I cannot tell that for sure: a number in it is too large, or too close to zero or to where the result jumps."
)

CONSTANTS = ("pi", "e", "tau")


class Arithmetic:
    """Calculates with reals of this many digits where fractions do not do; every method raises Refusal.

    `is_exact` tells whether reals were not needed; if they were, more digits may do what these refused.
    """

    def __init__(self, digits: int) -> None:
        from mpmath.ctx_iv import MPIntervalContext  # type: ignore[import-untyped]  # no types; 4 MB for who calculates

        self._reals: Any = MPIntervalContext()
        self._reals.dps = digits
        self.is_exact = True
        self._operators: Mapping[str, Callable[[Value, Value], Value]] = {
            "*": self.multiply,
            "/": self.divide,
            "//": lambda left, right: self.floor(self.divide(left, right)),
            "%": self.remainder,
            "mod": self.remainder,
        }
        one: Value = Fraction(1)
        # With how many numbers each is called at least and at most.
        self._functions: Mapping[str, tuple[int, int, Callable[..., Value]]] = {
            "abs": (1, 1, abs),
            "floor": (1, 1, self.floor),
            "ceil": (1, 1, lambda x: -self.floor(-x)),
            "round": (1, 2, self.round),
            "min": (1, 99, self.least),
            "max": (1, 99, lambda *xs: -self.least(*(-x for x in xs))),
            "gcd": (2, 99, lambda *xs: Fraction(math.gcd(*map(whole, xs)))),
            "lcm": (2, 99, self.common_multiple),
            "sqrt": (1, 1, lambda x: self.power(x, one / 2)),
            "cbrt": (1, 1, lambda x: -self.power(-x, one / 3) if self.sign(x) < 0 else self.power(x, one / 3)),
            "exp": (1, 1, self.exponential),
            "ln": (1, 1, self.natural_logarithm),
            "log": (1, 2, self.logarithm),
            "log2": (1, 1, lambda x: self.logarithm(x, one * 2)),
            "log10": (1, 1, lambda x: self.logarithm(x, one * 10)),
            "sin": (1, 1, lambda x: self._reals.sin(self._turn(x))),
            "cos": (1, 1, lambda x: self._reals.cos(self._turn(x))),
            "tan": (1, 1, lambda x: self._reals.tan(self._turn(x))),
            "asin": (1, 1, lambda x: self._angle(x, self._across(x))),
            "acos": (1, 1, lambda x: self._angle(self._across(x), x)),
            "atan": (1, 1, lambda x: self._angle(x, one)),
            "sinh": (1, 1, lambda x: self.divide(self.add(self.exponential(x), -self.exponential(-x)), one * 2)),
            "cosh": (1, 1, lambda x: self.divide(self.add(self.exponential(x), self.exponential(-x)), one * 2)),
            "tanh": (1, 1, lambda x: self.add(one, self.divide(-one * 2, self.add(self.exponential(2 * x), one)))),
        }

    def number(self, text: str) -> Value:
        """A number as it is written, with or without point and exponent."""
        exponent = text.partition("e")[2]
        if exponent and abs(int(exponent)) > MAX_DIGITS:
            raise Refusal(TOO_LARGE)
        return self._checked(Fraction(text))

    def constant(self, name: str) -> Value:
        """One of CONSTANTS."""
        self.is_exact = False
        return 2 * self._reals.pi if name == "tau" else +getattr(self._reals, name)

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        """What a function gives."""
        if name not in self._functions:
            raise self.unfinished(name)
        least, most, function = self._functions[name]
        if not least <= len(arguments) <= most:
            wanted = {(1, 1): "1 number", (1, 2): "1 or 2 numbers"}.get((least, most), f"{least} to {most} numbers")
            raise Refusal(f"{name} takes {wanted}, not {len(arguments)}.")
        return self._checked(function(*arguments))

    def unfinished(self, name: str) -> Refusal:
        """What is wrong with a name that stands alone."""
        if name in self._functions:
            return Refusal(f"{name} needs brackets, as in {name}(2).")
        return Refusal(f"I do not know {shortened(name)}. I know {', '.join([*CONSTANTS, *self._functions])}.")

    def combine(self, sign: str, left: Value, right: Value) -> Value:
        """What an operator for products makes of two numbers."""
        return self._operators[sign](left, right)

    def follow(self, sign: str, value: Value) -> Value:
        """What a sign behind a number makes of it."""
        if sign == "%":
            return self.divide(value, Fraction(100))
        if sign == "°":
            return self.divide(self.multiply(value, self.constant("pi")), Fraction(180))
        number = whole(value)
        if number < 0:
            raise Refusal("A negative number has no factorial.")
        if number > MAX_FACTORIAL:
            raise Refusal(TOO_LARGE)
        return self._checked(Fraction(math.factorial(number)))

    def add(self, left: Value, right: Value) -> Value:
        """The sum."""
        return self._alike(operator.add, left, right)

    def multiply(self, left: Value, right: Value) -> Value:
        """The product."""
        return self._alike(operator.mul, left, right)

    def divide(self, left: Value, right: Value) -> Value:
        """The quotient."""
        if self.sign(right) == 0:
            raise Refusal(BY_ZERO)
        return self._alike(operator.truediv, left, right)

    def remainder(self, left: Value, right: Value) -> Value:
        """What is left of a division; it has the sign of the divisor."""
        return self.add(left, -self.multiply(right, self.floor(self.divide(left, right))))

    def sign(self, value: Value) -> int:
        """-1, 0 or 1."""
        low, high = bounds(value)
        if low < 0 < high or low == 0 != high or low != 0 == high:
            raise Refusal(UNCERTAIN)
        return (high > 0) - (low < 0)

    def floor(self, value: Value) -> Value:
        """The whole number below."""
        low, high = map(math.floor, bounds(value))
        if low != high:
            raise Refusal(UNCERTAIN)
        return Fraction(low)

    def round(self, value: Value, places: Value = Fraction(0)) -> Value:
        """The nearest number of so many decimal places; halves go away from zero, as at school."""
        if abs(whole(places)) > MAX_PLACES:
            raise Refusal(f"A number can be rounded to {MAX_PLACES} places, not to {shortened(places)}.")
        if isinstance(value, Fraction) and value < 0:
            return -self.round(-value, places)
        unit = Fraction(10) ** -whole(places)
        return self.multiply(self.floor(self.add(self.divide(value, unit), Fraction(1, 2))), unit)

    def least(self, first: Value, *others: Value) -> Value:
        """The least of some numbers."""
        for other in others:
            if self.sign(self.add(other, -first)) < 0:
                first = other
        return first

    def common_multiple(self, *values: Value) -> Value:
        """The least common multiple."""
        total = Fraction(1)
        for value in values:
            total = self._checked(Fraction(math.lcm(whole(total), whole(value))))
        return total

    def power(self, base: Value, exponent: Value) -> Value:
        """A power; 0^0 is 1."""
        if isinstance(exponent, Fraction) and exponent.denominator == 1:
            return self._whole_power(base, exponent.numerator)
        sign = self.sign(base)
        if sign < 0 or (sign == 0 and self.sign(exponent) < 0):
            raise Refusal(NOT_REAL if sign < 0 else BY_ZERO)
        if sign == 0:
            return Fraction(0)
        exact = self._rational_power(base, exponent)
        return exact or self.exponential(self.multiply(self.natural_logarithm(base), exponent))

    def exponential(self, value: Value) -> Value:
        """A power of e."""
        self._expect(value)
        return self._checked(self._reals.exp(self._real(value)))

    def natural_logarithm(self, value: Value) -> Value:
        """The logarithm to the base of e."""
        if self.sign(value) <= 0:
            raise Refusal(NOT_REAL)
        return self._checked(self._reals.ln(self._real(value)))

    def logarithm(self, value: Value, base: Value | None = None) -> Value:
        """The logarithm to a base."""
        if base is None:
            raise Refusal(LOG)
        real = self.divide(self.natural_logarithm(value), self.natural_logarithm(base))
        nearest = round(sum(bounds(real)) / 2)
        if (
            isinstance(value, Fraction)
            and isinstance(base, Fraction)
            and fits(base, nearest)
            and base**nearest == value
        ):
            return Fraction(nearest)
        return real

    def _whole_power(self, base: Value, exponent: int) -> Value:
        if exponent < 0:
            return self.divide(Fraction(1), self._whole_power(base, -exponent))
        if not isinstance(base, Fraction):
            self._expect(exponent * self._reals.ln(self._real(max(map(abs, bounds(base))))))
            return self._checked(base**exponent)
        if abs(base) in (0, 1):
            exponent = exponent % 2 or 2 * (exponent != 0)
        if not fits(base, exponent):
            raise Refusal(TOO_LARGE)
        return self._checked(base**exponent)

    def _rational_power(self, base: Value, exponent: Value) -> Value | None:
        """The power if it is a fraction, as far as can be seen."""
        if not isinstance(base, Fraction) or not isinstance(exponent, Fraction):
            return None
        degree = exponent.denominator
        above, below = (self._whole_root(each, degree) for each in base.as_integer_ratio())
        if above is None or below is None:
            return None
        return self._whole_power(Fraction(above, below), exponent.numerator)

    def _whole_root(self, number: int, degree: int) -> int | None:
        if number == 1:
            return 1
        if degree > number.bit_length():
            return None
        if degree == 2:
            root = math.isqrt(number)
        else:
            root = round(sum(bounds(self._reals.exp(self._reals.ln(self._reals.mpf(number)) / degree))) / 2)
        return root if root**degree == number else None

    def _across(self, value: Value) -> Value:
        """The other short side of a right triangle whose long side is 1."""
        square = self.add(Fraction(1), -self.multiply(value, value))
        return self.power(square, Fraction(1, 2))

    def _turn(self, value: Value) -> Value:
        """An angle that is known to less than a radian; of another one mpmath works out nothing, slowly."""
        low, high = bounds(self._real(value))
        if high - low > 1:
            raise Refusal(UNCERTAIN)
        return self._real(value)

    def _angle(self, height: Value, width: Value) -> Value:
        return self._reals.atan2(self._real(height), self._real(width))

    def _expect(self, logarithm: Value) -> None:
        """Raises: Refusal if e to the power of it is too large, or too small, to be worked out."""
        if max(map(abs, bounds(logarithm))) > MAX_BITS * math.log(2):
            raise Refusal(TOO_LARGE)

    def _alike(self, combine: Callable[[Value, Value], Value], left: Value, right: Value) -> Value:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return self._checked(combine(left, right))
        return self._checked(combine(self._real(left), self._real(right)))

    def _real(self, value: Value) -> Value:
        self.is_exact = False
        return self._reals.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else value

    def _checked(self, value: Value) -> Value:
        """The value, as a fraction if its interval has no width.  Raises: Refusal if it is too long to be written."""
        low, high = bounds(value)
        if low != high:
            return value
        if max(low.numerator.bit_length(), low.denominator.bit_length()) > MAX_BITS:
            raise Refusal(TOO_LARGE)
        return low


def bounds(value: Value) -> tuple[Fraction, Fraction]:
    """Between which fractions a number lies.  Raises: Refusal if it is none, or too large."""
    if isinstance(value, Fraction):
        return value, value
    low, high = (_fraction(*each) for each in value._mpi_)
    return low, high


def _fraction(sign: int, mantissa: int, exponent: int, bits: int) -> Fraction:
    """A binary floating point number as mpmath holds it, exactly."""
    if mantissa == 0 and exponent != 0:
        raise Refusal(NOT_REAL)  # it is infinite
    if abs(exponent + bits) > MAX_BITS:
        raise Refusal(TOO_LARGE)
    return Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent


def fits(base: Fraction, exponent: int) -> bool:
    """Whether a power is worth working out: it is not surely too long."""
    longest = max(base.numerator.bit_length(), base.denominator.bit_length())
    return (longest - 1) * abs(exponent) <= MAX_BITS


def whole(value: Value) -> int:
    """The integer.  Raises: Refusal if it is none."""
    if not isinstance(value, Fraction) or value.denominator != 1:
        raise Refusal("That works with whole numbers only.")
    return value.numerator


def shortened(value: object) -> str:
    """What is not readable if it is long."""
    text = str(value)
    return text if len(text) <= 30 else f"{text[:29]}…"
