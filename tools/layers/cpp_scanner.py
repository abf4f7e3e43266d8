# SPDX-License-Identifier: Apache-2.0
"""Finds the functions and classes of a C or C++ source: where each begins and ends, what a class holds.

A scanner of braces, not a compiler. It reads code that clang-format has formatted, does not expand macros, and passes
over preprocessor lines; so both branches of an #if are read, and each has to close the braces it opens.
"""

import collections
import re

# A function's `first` line is its signature's, with what stands before it (template<>, a return type).
Function = collections.namedtuple("Function", "name first last")
# A class's `num_members` are its data members that are not static; those of a class within it are that one's.
Class = collections.namedtuple("Class", "name line num_members")


class Unreadable(Exception):
    """The braces do not add up."""


_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f\v]+|\\\n)
      |(?P<newline>\n)
      |(?P<comment>//(?:[^\n\\]|\\.|\\\n)*|/\*.*?\*/)
      |(?P<raw>(?:u8|[uUL])?R"(?P<delimiter>[^\s()\\]{0,16})\(.*?\)(?P=delimiter)")
      |(?P<string>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*")
      |(?P<character>(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+')
      |(?P<number>\.?\d(?:[eEpP][+-]|'?[\w.])*)
      |(?P<word>[A-Za-z_]\w*)
      |(?P<symbol>::|->|\.\.\.|&&|[<>=!+\-*/%^|&]=|.)""",
    re.VERBOSE | re.DOTALL)
_DIRECTIVE = re.compile(r"#(?:[^\n\\/\"]|\\.|\"(?:[^\"\\\n]|\\.)*\"|/(?![/*])|/\*.*?\*/)*", re.DOTALL)

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_ACCESS = ("public", "protected", "private")
_TYPES = ("class", "struct", "union", "enum")
# What may stand before a declaration's type, with what belongs to it.
_PREFIXES = ("template", "requires", "[", "alignas", "__attribute__", "typedef", "static", "constexpr", "const",
             "inline", "extern", "mutable", "friend", "volatile", "thread_local")

_Token = collections.namedtuple("_Token", "text line kind")


def _tokens(text):
    """The tokens of `text` but comments and directives; a literal's text is its opening quote alone."""
    tokens, position, line, at_line_start = [], 0, 1, True
    while position < len(text):
        if at_line_start and text[position] == "#":
            match, kind = _DIRECTIVE.match(text, position), "directive"
        else:
            match = _TOKEN.match(text, position)
            kind = match.lastgroup if match.lastgroup != "delimiter" else "raw"
        word = match.group()
        if kind in ("raw", "string", "character"):
            tokens.append(_Token('"' if kind != "character" else "'", line, "literal"))
        elif kind in ("number", "word", "symbol"):
            tokens.append(_Token(word, line, kind))
        at_line_start = kind == "newline" or (at_line_start and kind in ("space", "comment"))
        line += word.count("\n")
        position = match.end()
    return tokens


class _Scanner:
    def __init__(self, text):
        self._tokens = _tokens(text)
        self.functions, self.classes = [], []

    def scan(self):
        end = self._scope(0, [], None)
        if end != len(self._tokens):
            raise Unreadable("line %d: a brace closes that none opened" % self._tokens[end].line)

    def _text(self, position):
        return self._tokens[position].text if position < len(self._tokens) else ""

    def _after(self, position):
        """The position behind the bracket that closes the one at `position`."""
        stack = []
        for index in range(position, len(self._tokens)):
            text = self._tokens[index].text
            if text in _CLOSERS:
                stack.append(_CLOSERS[text])
            elif text in (")", "]", "}"):
                if text != stack.pop():
                    raise Unreadable("line %d: %s closes what another bracket opened" %
                                     (self._tokens[index].line, text))
                if not stack:
                    return index + 1
        raise Unreadable("line %d: nothing closes this %s" % (self._tokens[position].line, self._text(position)))

    def _after_angle(self, position):
        """The position behind the > that closes the < at `position`, or None where it is no bracket."""
        depth = 0
        while position < len(self._tokens):
            text = self._text(position)
            if text in ("(", "[", "{"):
                position = self._after(position)
                continue
            if text in (")", "]", "}", ";"):
                return None
            depth += {"<": 1, ">": -1}.get(text, 0)
            position += 1
            if depth == 0:
                return position
        return None

    def _scope(self, position, names, members):
        """Reads declarations up to the brace that closes the scope, and returns its position.

        `members` is a list to which a class's scope adds each data member, or None.
        """
        while position < len(self._tokens) and self._text(position) != "}":
            if self._text(position) == ";":
                position += 1
            elif self._text(position) in _ACCESS and self._text(position + 1) == ":":
                position += 2
            else:
                position = self._declaration(position, names, members)
        return position

    def _braces(self, position, names, members):
        """Reads the scope that the brace at `position` opens; returns the position behind it."""
        end = self._scope(position + 1, names, members)
        if end == len(self._tokens):
            raise Unreadable("line %d: nothing closes this {" % self._tokens[position].line)
        return end + 1

    def _declaration(self, position, names, members):
        position = self._skip_macro(position)
        if "namespace" in (self._text(position), self._text(position + 1)):
            return self._namespace(position, names, members)
        first = position
        if self._text(position) == "extern" and self._text(position + 1) == '"':
            position += 2
            if self._text(position) == "{":
                return self._braces(position, names, members)
        return self._plain_declaration(first, position, names, members)

    def _namespace(self, position, names, members):
        while self._text(position) not in ("{", ";", ""):
            position += 1
        if self._text(position) == "{":
            return self._braces(position, names, members)
        return position + 1  # an alias, or a directive

    def _skip_macro(self, position):
        """Passes over MACRO or MACRO(...) that stands on lines of its own before a declaration."""
        token = self._tokens[position]
        if not re.fullmatch(r"[A-Z][A-Z0-9_]+", token.text):
            return position
        end = position + 1
        if self._text(end) == "(":
            end = self._after(end)
        next_token = self._tokens[end] if end < len(self._tokens) else None
        is_alone = next_token is not None and next_token.line > self._tokens[end - 1].line
        return end if is_alone and next_token.kind == "word" else position

    def _plain_declaration(self, first, position, names, members):
        """Reads a class, an enum, a function or a variable; returns the position behind it."""
        while self._text(position) in _PREFIXES:
            position = self._skip_prefix(position)
        if self._text(position) in _TYPES:
            body = self._type_body(position)
            if body is not None:
                return self._type(first, position, body, names, members)
        if self._text(position) in ("using", "static_assert") or "typedef" in self._between(first, position):
            return self._to_semicolon(position)
        return self._function_or_variable(first, position, names, members)

    def _between(self, begin, end):
        return [token.text for token in self._tokens[begin:end]]

    def _skip_prefix(self, position):
        text = self._text(position)
        if text == "[":
            return self._after(position)
        position += 1
        if text == "template" and self._text(position) == "<":
            return self._after_angle(position) or position + 1
        if text in ("alignas", "__attribute__", "requires") and self._text(position) == "(":
            return self._after(position)
        return position

    def _to_semicolon(self, position):
        while self._text(position) not in (";", ""):
            position = self._after(position) if self._text(position) in _CLOSERS else position + 1
        return position + 1

    def _type_body(self, position):
        """The position of the { of the type whose keyword stands at `position`; None where none is defined here."""
        position += 1
        num_names = 0
        while position < len(self._tokens):
            text = self._text(position)
            if text == "{":
                return position
            if text == ":":
                position = self._to_brace(position)
                return position if self._text(position) == "{" else None
            if text in ("[", "alignas", "__attribute__"):
                position = self._after(position + (text != "["))
            elif text == "<":
                position = self._after_angle(position) or position + 1
            elif self._tokens[position].kind == "word" or text == "::":
                is_name = text not in ("class", "struct", "final") and self._text(position - 1) != "::"
                num_names += is_name and text != "::"
                if num_names > 1:
                    return None  # a function or a variable of the type
                position += 1
            else:
                return None
        return None

    def _to_brace(self, position):
        """The position of the first { or ; behind the base classes at `position`."""
        while self._text(position) not in ("{", ";", ""):
            position = self._after(position) if self._text(position) == "(" else position + 1
        return position

    def _type(self, first, position, body, names, members):
        if self._text(position) == "enum":
            end = self._after(body)
        else:
            name = self._type_name(position, body)
            own = []
            end = self._braces(body, names + [name], own)
            self.classes.append(Class("::".join(names + [name]), self._tokens[first].line, len(own)))
        # Behind the braces may stand variables of the type, or the names of a typedef.
        is_typedef = "typedef" in self._between(first, position)
        return self._declarators(end, None if is_typedef else members)

    def _type_name(self, position, body):
        parts, position = [], position + 1
        while position < body and self._text(position) != ":":
            text = self._text(position)
            if text in ("alignas", "["):
                position = self._after(position + (text == "alignas"))
            elif text == "<":
                position = self._after_angle(position) or body
            else:
                if text not in ("class", "final"):
                    parts.append(text)
                position += 1
        return "".join(parts) or "(unnamed)"

    def _declarators(self, position, members):
        """Adds the declarators from `position` to the semicolon to `members`; returns the position behind it."""
        names = [False]  # of each declarator: whether it has one
        while self._text(position) not in (";", "}", ""):
            text = self._text(position)
            if text == "=":
                position = self._initializer_end(position + 1)
            elif text == "<":
                position = self._after_angle(position) or position + 1
            elif text in _CLOSERS:
                names[-1] = names[-1] or text == "("  # a pointer to a function
                position = self._after(position)
            else:
                if text == ",":
                    names.append(False)
                names[-1] = names[-1] or self._tokens[position].kind == "word"
                position += 1
        if members is not None:
            members.extend(name for name in names if name)
        return position + (self._text(position) == ";")

    def _initializer_end(self, position):
        """The position of the comma or semicolon that ends the initializer at `position`."""
        while position < len(self._tokens) and self._text(position) not in (",", ";", "}"):
            text = self._text(position)
            if text in _CLOSERS:
                position = self._after(position)
            elif text == "<":
                position = self._after_angle(position) or position + 1
            else:
                position += 1
        return position

    def _function_or_variable(self, first, position, names, members):
        """Reads to the first parenthesis, = or { that tells a function from a variable."""
        start = position
        while position < len(self._tokens):
            text = self._text(position)
            if text == "operator":
                position = self._after_operator(position)
            elif text in ("decltype", "alignas", "__attribute__", "explicit") and self._text(position + 1) == "(":
                position = self._after(position + 1)
            elif text == "<":
                position = self._after_angle(position) or position + 1
            elif text == "[":
                position = self._after(position)
            elif text == "(" and self._text(position - 1).isupper() and self._text(self._after(position)) == "*":
                position = self._after(position)  # a type that a macro spells: STACK_OF(X509)*
            elif text == "(" and not self._points_to_function(position):
                return self._function(first, position, names)
            elif text in ("(", "=", "{", ",", ":", ";"):
                if text == "=" and self._text(position + 1) == "[":
                    self._lambda(first, position + 1, names)
                is_member = self._is_object(first, start, position)
                return self._declarators(start, members if is_member else None)
            else:
                position += 1
        return position

    def _points_to_function(self, position):
        """Whether the parenthesis at `position` begins a declarator: (*name) or (Class::*name)."""
        return self._text(position + 1) == "*" or (
            self._text(position + 2) == "::" and self._text(position + 3) == "*")

    def _is_object(self, first, start, end):
        """Whether the declaration from `first` makes a part of each object: not static, no friend, not a type alone."""
        if {"friend", "static", "extern"} & set(self._between(first, end)):
            return False
        words = [word for word in self._between(start, end) if word not in _TYPES]
        is_one_name = len(words) - 2 * words.count("::") == 1
        return not (self._text(start) in _TYPES and is_one_name)

    def _after_operator(self, position):
        """The position of the parameters of the operator whose keyword is at `position`."""
        position += 1
        if self._text(position) in ("(", "["):  # operator() and operator[]
            return self._after(position)
        while position < len(self._tokens) and self._text(position) != "(":
            position += 1
        return position

    def _lambda(self, first, position, names):
        """Notes a lambda with a body that a variable at this scope is made of."""
        begin = position
        position = self._after(position)
        while self._text(position) not in ("{", ";", ""):
            position = self._after(position) if self._text(position) == "(" else position + 1
        if self._text(position) == "{":
            last = self._tokens[self._after(position) - 1].line
            name = self._text(begin - 2) or "(lambda)"
            self.functions.append(Function("::".join(names + [name]), self._tokens[first].line, last))

    def _function(self, first, parameters, names):
        name = self._function_name(first, parameters, names)
        position = self._after(parameters)
        is_initializing = False
        while position < len(self._tokens):
            text = self._text(position)
            if text == ";":
                return position + 1
            if text == "=":  # default, delete, 0
                return self._to_semicolon(position)
            if text == ":":
                is_initializing = True
                position += 1
            elif text == "{" and is_initializing and self._opens_initializer(position):
                position = self._after(position)
            elif text == "{":
                end = self._after(position)
                while self._text(end) == "catch":  # a function-try-block
                    end = self._after(self._after(end + 1))
                self.functions.append(Function(name, self._tokens[first].line, self._tokens[end - 1].line))
                return end
            elif text == "requires" and self._text(position + 1) in ("{", "("):
                position = self._after(position + 1)
                if self._text(position) == "{" and self._text(position - 1) == ")" and (
                        self._is_requires_expression(position)):
                    position = self._after(position)
            elif text == "<":
                position = self._after_angle(position) or position + 1
            elif text in ("(", "["):
                position = self._after(position)
            elif text == "}":
                return position  # a macro's use without its semicolon, the last of its scope
            else:
                position += 1
        return position

    def _is_requires_expression(self, position):
        """Whether another { follows the braces at `position`, so that they are not the body."""
        after = self._after(position)
        return self._text(after) in ("{", "&&", "const", "noexcept", "->")

    def _opens_initializer(self, position):
        """Whether the { at `position` of a constructor's initializers makes a member, and is not the body."""
        before = self._tokens[position - 1]
        return before.kind == "word" or before.text == ">"

    def _function_name(self, first, parameters, names):
        """The name with its classes; a macro such as TEST_F is told with its arguments."""
        begin = parameters - 1
        if "operator" in self._between(first, parameters):
            while self._text(begin) != "operator":
                begin -= 1
        begin -= self._text(begin - 1) == "~"
        while self._text(begin - 1) == "::" and self._tokens[begin - 2].kind == "word":
            begin -= 2
        own = "".join(self._between(begin, parameters))
        if len(own) > 1 and own.isupper() and "::" not in own:
            own += "".join(self._between(parameters, self._after(parameters))).replace(",", ", ")
        return "::".join(names + [own])


def scan(text):
    """Returns the functions with a body and the classes of `text`, in order; raises Unreadable."""
    scanner = _Scanner(text)
    scanner.scan()
    return (sorted(scanner.functions, key=lambda function: function.first),
            sorted(scanner.classes, key=lambda found: found.line))
