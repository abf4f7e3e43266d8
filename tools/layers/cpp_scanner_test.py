#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests cpp_scanner on code that is easily read wrongly."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

from layers import cpp_scanner  # noqa: E402


def functions(text):
    """Name, first and last line of each; a leading newline of `text` makes no line."""
    return [(found.name, found.first, found.last) for found in cpp_scanner.scan(text.lstrip("\n"))[0]]


def members(text):
    return {found.name: found.num_members for found in cpp_scanner.scan(text)[1]}


class Functions(unittest.TestCase):
    def test_a_function_begins_with_its_template_and_ends_with_its_brace(self):
        self.assertEqual(functions("""
// f
template <typename T, int n = (1 > 0)>
T F(T a,
    T b) {
  return a;
}
"""), [("F", 2, 6)])

    def test_declarations_are_none(self):
        self.assertEqual(functions("""
int F(int a);
using G = void (*)();
struct S { S() = default; bool x() const; };
auto H() -> int;
extern "C" int I(void);
"""), [])

    def test_braces_in_literals_and_comments_are_none(self):
        self.assertEqual(functions(r"""
int F() { // }
  /* }
 } */
  Use("}\"}", '}', R"x(} )" })x", 1'000, '\'');
  return '"';
}
int G() { return u8"{"[0]; }
"""), [("F", 1, 6), ("G", 7, 7)])

    def test_directives_are_passed_over(self):
        self.assertEqual(functions(r"""
#define BEGIN {  \
  { {
#if 1 /* {
 { */
int F() {
#include "a{.h"
  return 1;  // #
}
#endif
"""), [("F", 5, 8)])

    def test_namespaces_and_c_blocks_have_functions(self):
        self.assertEqual(functions("""
namespace a::b {
namespace {
void F() {}
}  // namespace
inline namespace v1 {
void G() {}
}  // namespace v1
}  // namespace a::b
extern "C" {
int H(void) { return 0; }
}
extern "C" int I(void) {
  return 0;
}
namespace c = a::b;
using namespace c;
"""), [("F", 3, 3), ("G", 6, 6), ("H", 10, 10), ("I", 12, 14)])

    def test_initializers_of_a_constructor_are_not_its_body(self):
        self.assertEqual(functions("""
A::A(int x) noexcept(true)
    : B<int>{x},
      a_{1, {2}},
      b_([x] { return x; }()),
      c_{} {
  Do();
}
A::~A() {}
A::A() : A{1} {}
"""), [("A::A", 1, 7), ("A::~A", 8, 8), ("A::A", 9, 9)])

    def test_a_lambda_is_part_of_its_function(self):
        self.assertEqual(functions("""
void F() {
  auto g = [](int x) -> int {
    return x;
  };
  g(1);
}
"""), [("F", 1, 6)])

    def test_a_lambda_outside_of_a_function_is_one(self):
        self.assertEqual(functions("""
constexpr auto kF = [](int x) {
  return x;
};
const int kTable[] = {
  1,
  2,
};
"""), [("kF", 1, 3)])

    def test_operators_have_names(self):
        self.assertEqual([name for name, _, _ in functions("""
bool operator==(A, A) { return true; }
int A::operator()(int x) const { return x; }
int& A::operator[](int i) { return a[i]; }
A& A::operator=(A&&) { return *this; }
bool operator<(A, A) { return 0; }
""")], ["operator==", "A::operator()", "A::operator[]", "A::operator=", "operator<"])

    def test_a_classs_functions_are_told_with_it(self):
        self.assertEqual(functions("""
class A final : public B<int (*)()> {
 public:
  explicit(true) A(int x = F({1})) : x_(x) {}
  [[nodiscard]] const std::array<int, 2>& x() const&
  { return x_; }
  struct C {
    auto f() -> std::vector<int> { return {}; }
  };
};
"""), [("A::A", 3, 3), ("A::x", 4, 5), ("A::C::f", 7, 7)])

    def test_a_function_of_a_types_name_is_no_type(self):
        text = """
struct s* F(struct s* a) {
  return a;
}
enum Group G(void) { return 0; }
static const struct t* const H(void) {}
"""
        self.assertEqual([name for name, _, _ in functions(text)], ["F", "G", "H"])
        self.assertEqual(members(text), {})

    def test_a_macro_of_tests_is_told_with_its_arguments(self):
        self.assertEqual(functions("""
TEST_F(ATest,
       Works) {
  EXPECT_EQ(1, 1);
}
INSTANTIATE_TEST_SUITE_P(All, ATest, Values(1));
"""), [("TEST_F(ATest, Works)", 1, 4)])

    def test_a_macro_on_a_line_of_its_own_is_not_the_function_behind_it(self):
        self.assertEqual(functions("ENTRIES(A, b)\nint F() {\n}\n"), [("F", 2, 3)])

    def test_a_type_spelt_by_a_macro_is_not_the_name(self):
        self.assertEqual(functions("STACK_OF(X509)* F(int a) { return 0; }\n"), [("F", 1, 1)])

    def test_requirements_are_not_the_body(self):
        self.assertEqual(functions("""
template <class T>
  requires(sizeof(T) > 1)
void F(T) requires requires(T t) { t(); } {
}
"""), [("F", 1, 4)])

    def test_braces_that_do_not_add_up_are_told(self):
        for text in ("void F() {\n", "}\n", "void F() { (] }\n", "namespace a {\n"):
            with self.subTest(text), self.assertRaises(cpp_scanner.Unreadable):
                cpp_scanner.scan(text)


class Members(unittest.TestCase):
    def expect(self, body, num_members):
        with self.subTest(body):
            self.assertEqual(members("class A {\n" + body + "\n};\n")["A"], num_members)

    def test_data_members_are_counted(self):
        for body, num_members in (
                ("int a;", 1),
                ("int a, b = F(1, 2), c[3];", 3),
                ("std::map<int, std::vector<int>> a;", 1),
                ("std::array<uint8_t, (1 << 2)> a{}; bool b = x < y;", 2),
                ("std::function<void(int, int)> a = [](int, int) { return; };", 1),
                ("void (*a)(int, int) = nullptr; int (B::*b)(); Free* (*c)(void);", 3),
                ("unsigned a : 3, b : 5;", 2),
                ("mutable const volatile B* a; alignas(64) int b; [[maybe_unused]] int c;", 3),
                ("STACK_OF(X509)* a; STACK_OF(X509)* F();", 1),
                ("decltype(F()) a; struct B b; enum C c = kD; const struct B* d;", 4)):
            self.expect(body, num_members)

    def test_what_an_object_has_not_is_not_counted(self):
        for body in ("static constexpr int kA = 1, kB = 2;", "inline static int a;", "static int F(int a, int b);",
                     "friend class B; friend bool operator==(A, A) = default;", "struct B; enum class C : uint8_t;",
                     "class B::C;", "enum { kA, kB };", "using B = int; typedef int C; typedef struct { int a; } D;",
                     "static_assert(1 < 2, \"\");", "public: private: int F() const; virtual ~A() = 0;",
                     "template <class T> T F(T a) { int b; return a; }", "B& operator=(const B&) = delete;",
                     "operator bool() const { return a; }", "using B::B;"):
            self.expect(body, 0)

    def test_a_class_within_has_its_own(self):
        self.assertEqual(members("""
struct A {
  struct B { int a; int b; } b;
  union { int c; int d; };
  class C { int e; };
};
"""), {"A": 1, "A::B": 2, "A::(unnamed)": 2, "A::C": 1})

    def test_classes_are_named(self):
        self.assertEqual(sorted(members("""
struct alignas(8) A {};
class [[nodiscard]] B final : public A {};
template <>
struct std::hash<A> {};
struct C : D<E<F>> {
  int a;
};
struct Only;
""")), ["A", "B", "C", "std::hash"])


if __name__ == "__main__":
    unittest.main()
