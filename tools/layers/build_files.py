# SPDX-License-Identifier: Apache-2.0
"""Holds the BUILD files against the sources: deps against #includes, each source in one rule, lists in order.

A BUILD file is read as the Python that it looks like; nothing of it is run. A macro of C++ rules has to be known here.
"""

import ast
import os

CPP_RULES = ("cc_binary", "cc_library", "cc_test", "fuzz_target", "unit_test")
HEADER_LISTS = ("hdrs", "textual_hdrs")
SOURCE_LISTS = ("srcs",) + HEADER_LISTS
SORTED_LISTS = SOURCE_LISTS + ("data", "deps", "packages", "tags", "visibility")

# What a repository that depends on this tree calls it, as examples/bazel_consumer does.
OWN_REPOSITORY = "@dtls13"


class Rule:
    """One call in a BUILD file.

    A list's value is its strings, with those of all branches of a select; None where code makes it.
    """

    def __init__(self, package, call, constants):
        self.package, self.line = package, call.lineno
        self.kind = call.func.id if isinstance(call.func, ast.Name) else ""
        self._values = {keyword.arg: _strings(keyword.value, constants) for keyword in call.keywords}
        self.name = self._values.get("name") or ""
        self.label = "//%s:%s" % (package, self.name)
        if self.kind == "exports_files":
            self._values["srcs"] = _strings(call.args[0], constants) if call.args else []

    def is_cpp(self):
        return self.kind in CPP_RULES

    def lists_made_by_code(self):
        return [name for name in SOURCE_LISTS + ("deps",) if name in self._values and self._values[name] is None]

    def strings(self, name):
        return self._values.get(name) or []

    def files(self, names=SOURCE_LISTS):
        """The paths of the files in the lists `names`; a label of another rule is none."""
        own = [file for name in names for file in self.strings(name)]
        if self.kind == "unit_test" and "srcs" in names:
            own.append(self.name + ".cc")
        return [_path(self.package, file) for file in own]

    def deps(self):
        """The labels of this tree that it depends on, written out."""
        own = [dep[len(OWN_REPOSITORY):] if dep.startswith(OWN_REPOSITORY + "//") else dep for dep in self.strings("deps")]
        return [_label(self.package, dep) for dep in own if not dep.startswith("@")]


def _strings(node, constants):
    """The string or strings that `node` stands for, or None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.List):
        values = [_strings(item, constants) for item in node.elts]
        return values if all(isinstance(value, str) for value in values) else None
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _strings(node.left, constants), _strings(node.right, constants)
        return left + right if isinstance(left, list) and isinstance(right, list) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "select":
        branches = [_strings(branch, constants) for branch in node.args[0].values]
        return sum(branches, []) if all(isinstance(branch, list) for branch in branches) else None
    return None


def _path(package, file):
    """The path in the tree of the file that a rule of `package` names."""
    if file.startswith("//"):
        return file[2:].replace(":", "/").lstrip("/")
    return os.path.join(package, file.lstrip(":"))


def _label(package, dep):
    if not dep.startswith("//"):
        return "//%s:%s" % (package, dep.lstrip(":"))
    return dep if ":" in dep else "%s:%s" % (dep, dep.rsplit("/", 1)[1])


def _sort_key(item):
    """The order of `buildifier`: this package's own, other packages', other repositories'."""
    place = ("@" in item[:1]) * 3 + item.startswith("//") * 2 + item.startswith(":")
    return place, item.replace(":", "!").replace(".", "!").lower()


def _order_faults(path, tree):
    """Yields a fault for each list of plain strings that is not in order."""
    assigned = [statement.value for statement in tree.body if isinstance(statement, ast.Assign)]
    named = [keyword.value for node in ast.walk(tree) if isinstance(node, ast.Call)
             for keyword in node.keywords if keyword.arg in SORTED_LISTS]
    for value in assigned + named:
        for node in ast.walk(value):
            items = _strings(node, {}) if isinstance(node, ast.List) else None
            if not items:
                continue
            for item, following in zip(items, items[1:]):
                if item == following:
                    yield "%s:%d: has %s twice" % (path, node.lineno, item)
                elif _sort_key(item) > _sort_key(following):
                    yield "%s:%d: %s stands before %s; sort the list" % (path, node.lineno, item, following)


class Graph:
    """Every rule of the tree, and what is wrong with how it is written down."""

    def __init__(self, texts):
        """`texts`: the path of each BUILD file to its text."""
        self.rules, self.faults = [], []
        for path, text in sorted(texts.items()):
            try:
                tree = ast.parse(text)
            except SyntaxError as error:
                self.faults.append("%s:%d: cannot be read: %s" % (path, error.lineno, error.msg))
                continue
            self.faults += _order_faults(path, tree)
            self.rules += _rules(os.path.dirname(path), tree)
        self.by_label = {rule.label: rule for rule in self.rules}

    def check(self, sources):
        """The faults of all rules. `sources`: the path of each source to the headers that it includes."""
        self._check_homes(sources)
        for rule in self.rules:
            if not rule.is_cpp():
                continue
            for name in rule.lists_made_by_code():
                self.faults.append("%s: the %s of %s are no plain list; name each one" %
                                   (self._place(rule), name, rule.name))
            if not rule.lists_made_by_code():
                self._check_deps(rule, sources)
        return self.faults

    @staticmethod
    def _place(rule):
        return "%s:%d" % (os.path.join(rule.package, "BUILD"), rule.line)

    def _fault(self, rule, text):
        self.faults.append("%s: %s %s" % (self._place(rule), rule.name, text))

    def _check_homes(self, sources):
        homes = {}
        for rule in self.rules:
            for file in rule.files():
                homes.setdefault(file, []).append(rule)
        for path in sorted(sources):
            rules = homes.get(path, [])
            if not rules:
                self.faults.append("%s: is in no rule; give it one in its package's BUILD" % path)
            elif len(rules) > 1:
                self.faults.append("%s: is in %s; leave it to one" %
                                   (path, " and in ".join(rule.label for rule in rules)))

    def _headers(self, label):
        """The headers that a dep on `label` brings. A library without files stands for its deps."""
        rule = self.by_label.get(label)
        if rule is None:
            return set()
        headers = set(rule.files(HEADER_LISTS))
        if not rule.files():
            for dep in rule.deps():
                headers |= self._headers(dep)
        return headers

    def _check_deps(self, rule, sources):
        files = rule.files()
        own = set(files)
        included = {header for file in files for header in sources.get(file, ()) if header in sources} - own
        brought = {dep: self._headers(dep) for dep in rule.deps()}
        if not own:
            return  # it only stands for its deps
        for header in sorted(included):
            deps = [dep for dep, headers in brought.items() if header in headers]
            if not deps:
                self._fault(rule, "includes %s without a dep on its rule" % header)
            elif len(deps) > 1:
                self._fault(rule, "has %s by %s; leave one out" % (header, " and by ".join(deps)))
        for dep, headers in brought.items():
            # One without headers is there to be linked.
            if headers and not headers & included:
                self._fault(rule, "includes nothing of its dep %s; leave it out" % dep)


def _rules(package, tree):
    constants = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            constants[statement.targets[0].id] = _strings(statement.value, constants)
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (
                    node.func.id == "exports_files" or any(word.arg == "name" for word in node.keywords)):
                yield Rule(package, node, constants)
