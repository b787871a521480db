"""Calculations: exact where they can be, never a wrong digit, never longer than a moment."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.calculation.answer import TIMES, calculated
from bot.calculation.arithmetic import BY_ZERO, LOG, NOT_REAL, TOO_LARGE, UNCERTAIN
from bot.calculation.grammar import COMMA, MAX_DEPTH
from bot.calculation.words import MAX_CHARACTERS
from bot.errors import Refusal

# Far more than any calculation takes, far less than one without bounds would, on a machine whose cores are shared.
MOMENT_SECONDS = 3.0


def told(written: str) -> str:
    """The result of a calculation, or why there is none."""
    try:
        return calculated(written)
    except Refusal as refusal:
        return str(refusal)


@pytest.mark.parametrize(
    ("written", "result"),
    [
        ("0.1 + 0.2", "= 0.3"),
        ("1/3", "= 1/3 ≈ 0.333333333333333333333333333333"),
        ("-1/7", "= -1/7 ≈ -0.142857142857142857142857142857"),
        ("-1/4", "= -0.25"),
        ("1/3 * 3", "= 1"),
        ("2 + 3 * 4 - 6 / 4", "= 12.5"),
        ("2^3^2", "= 512"),
        ("2 ** 10", "= 1024"),
        ("-2^2", "= -4"),
        ("2^-2", "= 0.25"),
        ("0^0", "= 1"),
        ("-7 // 2", "= -4"),
        ("7 % 3", "= 1"),
        ("-7 mod 3", "= 2"),
        ("5!", "= 120"),
        ("2^3!", "= 64"),
        ("200 + 10%", "= 220"),
        ("200 - 10%", "= 180"),
        ("200 + (10%)", "= 200.1"),
        ("10% + 10%", "= 0.2"),
        ("100 + 10% + 10%", "= 121"),
        ("20% of 50", "= 10"),
        ("1,000,000 \N{MULTIPLICATION SIGN} 3", "= 3000000"),
        ("1'000 + 1 000 + 1_000", "= 3000"),
        ("max(1,200)", "= 200"),
        ("max((1,200), 2)", "= 1200"),
        ("6 ÷ 4 · 2", "= 3"),
        ("3 x 4", "= 12"),
        ("2(3)(4)", "= 24"),
        ("3² + 2³", "= 17"),
        ("=2+2=", "= 4"),
        ("1e3 + .5 + 5.", "= 1005.5"),
        ("√16 + sqrt(9/4)", "= 5.5"),
        ("8^(2/3) + cbrt(-27)", "= 1"),
        ("log(1000, 10) + log2(1/8)", "= 0"),
        ("exp(0) + cos(0) + ln(1) + acos(1)", "= 2"),
        ("abs(-3) + floor(-1.5) + ceil(1.2)", "= 3"),
        ("round(2.5) + round(-2.5, 0) + round(1/3, 2)", "= 0.33"),
        ("round(1250, -2)", "= 1300"),
        ("round(pi, 2)", "= 3.14"),
        ("gcd(12, 18) + lcm(4, 6)", "= 18"),
        ("min(pi, 4, 3)", "= 3"),
        ("1^(10^3000)", "= 1"),
        ("2pi", "≈ 6.28318530717958647692528676656"),
        ("sqrt(2)", "≈ 1.41421356237309504880168872421"),
        ("2e", "≈ 5.43656365691809047072057494271"),
        ("sin(30°)", "≈ 0.5"),
        ("sin(10^1000)", "≈ 0.65335979821036985694809946804"),
        ("asin(1) * 2 - pi", "≈ 0"),
        ("exp(-900)", f"≈ 1.36447721236568276169949092681 {TIMES} 10^-391"),
        ("(10^150 + pi) - 10^150", "≈ 3.14159265358979323846264338328"),
        ("1 / (exp(10^-60) - 1)", f"≈ 1 {TIMES} 10^60"),
        ("tanh(100) - sinh(1)/cosh(1) - tanh(-1)", "≈ 1"),
        ("(1/2)^1000", f"≈ 9.33263618503218878990089544724 {TIMES} 10^-302"),
    ],
)
def test_calculation_comes_to(written: str, result: str) -> None:
    """As people write it, to what mathematics says."""
    assert calculated(written) == result


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("9**9**9", TOO_LARGE),
        ("10**10**10", TOO_LARGE),
        ("0.1^10^10", TOO_LARGE),
        ("2^-(10^3000)", TOO_LARGE),
        ("1000000!", TOO_LARGE),
        ("1500!", TOO_LARGE),
        ("1e999999999999", TOO_LARGE),
        ("exp(10^10)", TOO_LARGE),
        ("exp(-10^10)", TOO_LARGE),
        ("pi^99999", TOO_LARGE),
        ("pi^pi^pi^pi", TOO_LARGE),
        ("10^3999 * 10^3999", TOO_LARGE),
        ("1/0", BY_ZERO),
        ("5 mod 0", BY_ZERO),
        ("0^-1", BY_ZERO),
        ("sqrt(-1)", NOT_REAL),
        ("(-8)^(1/3)", NOT_REAL),
        ("ln(0)", NOT_REAL),
        ("asin(2)", NOT_REAL),
        ("tan(90°)", NOT_REAL),
        ("cos(10^3900)", UNCERTAIN),
        ("tan(10^3900)", UNCERTAIN),
        ("floor(sqrt(2)^2)", UNCERTAIN),
        ("(10^1500 + pi) - 10^1500", UNCERTAIN),
        ("log(100)", LOG),
        ("0,5", COMMA),
        ("1.000,5", COMMA),
        ("5!!", "Write (5!)! for the factorial of a factorial: !! means different things to different people."),
        ("1.5!", "That works with whole numbers only."),
        ("(-3)!", "A negative number has no factorial."),
        ("round(1, 101)", "A number can be rounded to 100 places, not to 101."),
        ("sqrt(1, 2)", "sqrt takes 1 number, not 2."),
        ("gcd(1)", "gcd takes 2 to 99 numbers, not 1."),
        ("sin", "sin needs brackets, as in sin(2)."),
        ("2 +", "The calculation ends too early: a number or a closing bracket is missing."),
        ("", "The calculation ends too early: a number or a closing bracket is missing."),
        ("2)", "There is a closing bracket where a number is missing, or without one that opens it."),
        ("5 5", "5 stands where it cannot be read: an operator or a number is missing before it."),
        ("`2`", "“`” is nothing that can be calculated with."),
        ("__import__('os')", "“_” is nothing that can be calculated with."),
        ("-" * (MAX_DEPTH + 1) + "1", "A calculation may have 40 brackets within each other, this one has more."),
        ("1" * (MAX_CHARACTERS + 1), "A calculation may have 300 characters, this one has 301."),
    ],
)
def test_calculation_is_refused_with_a_reason(written: str, sentence: str) -> None:
    """What has no result, or none within bounds, gets a sentence and costs nothing."""
    began_at = time.monotonic()
    assert told(written) == sentence
    assert time.monotonic() - began_at < MOMENT_SECONDS


def test_calculation_names_what_it_knows() -> None:
    """Whoever writes a word that is no function is told of those that are."""
    assert told("what is 2 + 2").startswith("I do not know what. I know pi, e, tau, abs, floor, ceil, round, min, max")


@pytest.mark.parametrize("costly", ["cos(9^3900)+", "1500!/7+", "atan(7^.1)+", "7^3900/3^99+", "2^(1/63)+", "pi^99*"])
def test_calculation_of_the_greatest_length_is_quick(costly: str) -> None:
    """However much is packed into what may be written, the bot is not kept from its other work."""
    written = "pi+" + costly * ((MAX_CHARACTERS - 4) // len(costly)) + "1"
    began_at = time.monotonic()
    assert told(written).startswith(("≈ ", UNCERTAIN, TOO_LARGE))
    assert time.monotonic() - began_at < MOMENT_SECONDS


PIECES = st.sampled_from([*"0123456789+-*/%^!().,√°x ", "**", "//", "9^", "mod ", "pi", "sqrt(", "exp(", "max(", "1e9"])


@given(st.text(max_size=40) | st.lists(PIECES, max_size=30).map("".join))
@example("9^9!^9^9^(9!)")
def test_calculation_survives_whatever_is_written(written: str) -> None:
    """There is a result or a sentence, at once, and nothing else."""
    began_at = time.monotonic()
    assert told(written)
    assert time.monotonic() - began_at < MOMENT_SECONDS


Sum = tuple[str, Fraction | None]  # how it is written, and what it comes to, if to anything
NUMBERS: st.SearchStrategy[Sum] = st.fractions(0, 10**6, max_denominator=100).map(
    lambda number: (f"({number.numerator}/{number.denominator})", number)
)
OPERATORS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "mod": operator.mod,
    "//": lambda left, right: Fraction(left // right),
}


def combined(left: Sum, sign: str, right: Sum) -> Sum:
    """A larger calculation, in brackets."""
    value = None
    if left[1] is not None and right[1] is not None and (right[1] or sign in "+-*"):
        value = OPERATORS[sign](left[1], right[1])
    return f"({left[0]} {sign} {right[0]})", value


SUMS = st.recursive(
    NUMBERS, lambda inner: st.builds(combined, inner, st.sampled_from([*OPERATORS]), inner), max_leaves=8
)


@given(SUMS)
def test_fractions_are_exact(calculation: Sum) -> None:
    """Whatever is combined however, the result is the one that Python's fractions give."""
    written, value = calculation
    compared = written if value is None else f"{written} - ({value.numerator}/{value.denominator})"
    assume(len(compared) <= MAX_CHARACTERS)
    assert told(compared) == (BY_ZERO if value is None else "= 0")


@given(
    st.sampled_from(["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "sqrt", "cbrt"]),
    st.floats(0.001, 0.999),
)
def test_functions_agree_with_those_of_the_machine(name: str, value: float) -> None:
    """As far as floating point numbers can tell."""
    result = calculated(f"{name}({Fraction(value)})").rpartition("≈ ")[2].replace(f" {TIMES} 10^", "e")
    assert math.isclose(float(result.removeprefix("= ")), getattr(math, name)(value), rel_tol=1e-12)
