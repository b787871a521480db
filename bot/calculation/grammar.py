"""What a calculation comes to: its words read from left to right, and worked out as they are read."""

from __future__ import annotations

from collections.abc import Sequence

from bot.calculation.arithmetic import CONSTANTS, Arithmetic, Value
from bot.calculation.words import Kind, Word
from bot.errors import Refusal

MAX_DEPTH = 40  # of brackets, signs and powers within each other; Python itself goes no deeper than 1000 calls

OPENING = ("(", "√")
COMMA = "A comma stands between thousands, as in 1,000, or in a function, as in max(1, 2). Write 0.5 with a point."


class Reader:
    """Reads one calculation with one arithmetic.

    Powers bind tighter than signs, and go from right to left; what stands side by side, as in 2pi, is multiplied.
    `%` is the remainder if a number, a name or a bracket follows, and per cent if not.
    """

    def __init__(self, words: Sequence[Word], arithmetic: Arithmetic) -> None:
        self._words = words
        self._position = 0
        self._depth = 0
        self._arithmetic = arithmetic

    def read(self) -> Value:
        """What the whole comes to.  Raises: Refusal."""
        value = self._sum()
        if self._next.kind is not Kind.END:
            raise self._misplaced()
        return value

    @property
    def _next(self) -> Word:
        return self._words[self._position]

    def _take(self, *signs: str) -> str | None:
        """The next word if it is one of these signs, which is then read."""
        word = self._next
        if word.kind is not Kind.SIGN or word.text not in signs:
            return None
        self._position += 1
        return word.text

    def _sum(self) -> Value:
        """`200 + 10%` is 220, as on every pocket calculator; `200 + (10%)` is 200.1, and `10% + 10%` is 0.2."""
        start = self._position
        value = self._product()
        is_percent = self._is_percentage(start)
        while sign := self._take("+", "-"):
            start = self._position
            right = self._product()
            if self._is_percentage(start) and not is_percent:
                right = self._arithmetic.multiply(value, right)
            else:
                is_percent = is_percent and self._is_percentage(start)
            value = self._arithmetic.add(value, right if sign == "+" else -right)
        return value

    def _is_percentage(self, start: int) -> bool:
        """Whether what was read from there on is just a number with its per cent."""
        read = self._words[start : self._position]
        return [word.kind for word in read] == [Kind.NUMBER, Kind.SIGN] and read[-1].text == "%"

    def _product(self) -> Value:
        value = self._signed()
        while True:
            sign = self._take("*", "/", "//", "%", "mod")
            if sign is not None:
                value = self._arithmetic.combine(sign, value, self._signed())
            elif self._begins_operand() and self._next.kind is not Kind.NUMBER:
                value = self._arithmetic.multiply(value, self._power())
            else:
                return value

    def _begins_operand(self) -> bool:
        return self._next.kind in (Kind.NUMBER, Kind.NAME) or self._next.text in OPENING

    def _signed(self) -> Value:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Refusal(f"A calculation may have {MAX_DEPTH} brackets within each other, this one has more.")
        sign = self._take("+", "-")
        value = self._power() if sign is None else self._signed()
        self._depth -= 1
        return -value if sign == "-" else value

    def _power(self) -> Value:
        value = self._followed()
        return self._arithmetic.power(value, self._signed()) if self._take("^") else value

    def _followed(self) -> Value:
        """An operand and the signs that follow it."""
        value = self._operand()
        while sign := self._take("!", "°", "%"):
            if sign == "%" and self._begins_operand():
                self._position -= 1  # it is the remainder
                break
            value = self._arithmetic.follow(sign, value)
        return value

    def _operand(self) -> Value:
        word = self._next
        if word.kind is Kind.NUMBER:
            self._position += 1
            return self._arithmetic.number(word.text)
        if word.kind is Kind.NAME:
            self._position += 1
            return self._named(word.text)
        if self._take("√"):
            return self._arithmetic.call("sqrt", [self._operand()])
        if self._take("("):
            value = self._sum()
            self._close()
            return value
        raise self._misplaced()

    def _named(self, name: str) -> Value:
        if name in CONSTANTS:
            return self._arithmetic.constant(name)
        if not self._take("("):
            raise self._arithmetic.unfinished(name)
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._close()
        return self._arithmetic.call(name, arguments)

    def _close(self) -> None:
        if self._take(")") is None:
            raise self._misplaced()

    def _misplaced(self) -> Refusal:
        word = self._next
        if word.text == ",":
            return Refusal(COMMA)
        if word.kind is Kind.END:
            return Refusal("The calculation ends too early: a number or a closing bracket is missing.")
        if word.text == ")":
            return Refusal("There is a closing bracket where a number is missing, or without one that opens it.")
        return Refusal(f"{word.text} stands where it cannot be read: an operator or a number is missing before it.")
