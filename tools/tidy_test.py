#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/tidy: each builds a small tree and looks at what is found in it."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))


def load_tidy():
    loader = importlib.machinery.SourceFileLoader("tidy", os.path.join(HERE, "tidy"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
    loader.exec_module(module)
    return module


TIDY = load_tidy()
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
LAYERS = """
base   :
os     : base        | sys/ posix
codec  : base
core   : base codec  | boost/unordered/
server : base core os | fmt/
client/machine : base
client : base client/machine
"""


def header(body):
    return SPDX + "#pragma once\n" + body


class TidyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.put("tools/layers.txt", LAYERS)

    def put(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        parts = path.split("/")
        if parts[0] == "src" and len(parts) > 2:
            self.write_readme(parts[1])

    def write_readme(self, folder):
        with open(os.path.join(self.root, "src", folder, "README.md"), "w", encoding="utf-8") as f:
            f.write("What it owns.\n")

    def tidy(self, *arguments):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = TIDY.main([*arguments, self.root])
        return code, output.getvalue()

    def assert_finds(self, *texts):
        code, output = self.tidy()
        for text in texts:
            self.assertIn(text, output)
        self.assertEqual(code, 1, output)
        return output

    def assert_clean(self):
        code, output = self.tidy()
        self.assertEqual(code, 0, output)
        self.assertIn("tidy: 0 errors", output)
        return output


class Arrow(TidyTest):
    def test_an_include_against_the_arrow_fails(self):
        self.put("src/os/file.h", header(""))
        self.put("src/codec/packet.cc", SPDX + '#include "os/file.h"\n')
        self.assert_finds("src/codec/packet.cc:2: arrow: codec includes \"os/file.h\" of os")

    def test_an_include_along_the_arrow_passes(self):
        self.put("src/base/bytes.h", header("#include <span>\n"))
        self.put("src/core/shard/shard.cc", SPDX + '#include "base/bytes.h"\n')
        self.assert_clean()

    def test_a_nested_folder_has_its_own_line(self):
        self.put("src/client/client.h", header(""))
        self.put("src/client/machine/machine.cc", SPDX + '#include "client/client.h"\n')
        self.assert_finds("arrow: client/machine includes \"client/client.h\" of client")

    def test_the_outer_folder_may_include_the_nested_one_that_it_names(self):
        self.put("src/client/machine/machine.h", header(""))
        self.put("src/client/client.cc", SPDX + '#include "client/machine/machine.h"\n')
        self.assert_clean()

    def test_an_include_in_a_table_counts_too(self):
        self.put("src/os/file.h", header(""))
        self.put("src/base/errors.def", SPDX + '#include "os/file.h"\n')
        self.assert_finds("src/base/errors.def:2: arrow")

    def test_a_commented_include_is_none(self):
        self.put("src/base/a.cc", SPDX + '// #include "os/file.h"\n')
        self.assert_clean()

    def test_a_line_that_names_a_later_folder_fails(self):
        self.put("tools/layers.txt", "base : os\nos :\n")
        self.assert_finds("tools/layers.txt:1: layers: 'base' names 'os', which is not earlier")

    def test_a_folder_without_a_line_fails(self):
        self.put("src/extra/a.cc", SPDX)
        self.assert_finds("src/extra/a.cc:1: layers: its folder has no line")

    def test_a_link_that_the_list_does_not_name_fails(self):
        self.put("CMakeLists.txt", "# SPDX-License-Identifier: Apache-2.0\nsluice_module(codec os)")
        self.assert_finds("CMakeLists.txt:2: layers: 'codec' links 'os'")

    def test_an_include_without_its_folder_fails(self):
        self.put("src/base/a.h", header(""))
        self.put("src/base/a.cc", SPDX + '#include "a.h"\n')
        self.assert_finds('include-path: "a.h" names no folder of src/')

    def test_product_code_does_not_include_tests(self):
        self.put("src/base/a.cc", SPDX + '#include "tests/support/x.h"\n')
        self.assert_finds("arrow: src/ includes \"tests/support/x.h\"")


class ThirdParty(TidyTest):
    def test_a_library_outside_its_folder_fails_in_either_spelling(self):
        self.put("src/base/a.cc", SPDX + "#include <fmt/core.h>\n")
        self.put("src/codec/a.cc", SPDX + '#include "fmt/core.h"\n')
        self.assert_finds("src/base/a.cc:2: third-party: <fmt/core.h>",
                          "src/codec/a.cc:2: third-party: <fmt/core.h>")

    def test_an_unlisted_library_fails_everywhere(self):
        self.put("src/server/a.cc", SPDX + "#include <openssl/ssl.h>\n")
        self.assert_finds("third-party: <openssl/ssl.h> is not allowed in server")

    def test_a_library_in_its_folder_passes(self):
        self.put("src/core/a.cc", SPDX + "#include <boost/unordered/unordered_flat_map.hpp>\n")
        self.assert_clean()

    def test_system_headers_belong_to_os(self):
        self.put("src/os/a.cc", SPDX + "#include <sys/epoll.h>\n#include <new>\n")
        self.put("src/core/a.cc", SPDX + "#include <unistd.h>\n")
        output = self.assert_finds("src/core/a.cc:2: system-header: <unistd.h>")
        self.assertNotIn("src/os/a.cc:", output)


class Sizes(TidyTest):
    def test_a_file_over_800_lines_fails(self):
        self.put("src/base/a.cc", SPDX + "int a;\n" * 800)
        self.assert_finds("src/base/a.cc:801: file-size: 801 lines")

    def test_a_line_over_100_columns_fails_but_a_table_row_may_be_long(self):
        self.put("src/base/a.cc", SPDX + "// " + "x" * 98 + "\n" + '#include "base/t.def"\n')
        self.put("src/base/t.def", SPDX + f'ROW(a, "{"x" * 120}")\n')
        self.assertNotIn("t.def", self.assert_finds("src/base/a.cc:2: columns: 101 columns"))

    def test_a_folder_of_26_sources_fails_and_pairs_count_once(self):
        for i in range(25):
            self.put(f"src/base/a{i}.cc", SPDX + f'#include "base/a{i}.h"\n')
            self.put(f"src/base/a{i}.h", header(""))
        self.assert_clean()
        self.put("src/base/b.cc", SPDX)
        self.assert_finds("src/base:1: folder-size: 26 sources")

    def test_the_median_is_printed(self):
        self.put("src/base/a.cc", SPDX)
        self.put("src/base/b.cc", SPDX + "int b;\n" * 9)
        self.put("src/base/c.cc", SPDX + "int c;\n" * 20)
        self.assertIn("3 files, median 10 lines, largest 21 (src/base/c.cc)", self.assert_clean())


class Functions(TidyTest):
    """Each case is a text around a body of 80 lines; those named 'long' must be found."""
    BODY = "  do_it();\n" * 80

    def length_of(self, text):
        self.put("src/base/a.cc", SPDX + text.replace("BODY", self.BODY))
        return self.tidy()[1]

    def test_long_functions_of_every_shape_are_found(self):
        for text in ("void f() {\nBODY}\n",
                     "namespace sluice {\nint A::f(int x) const noexcept {\nBODY}\n}\n",
                     "struct A {\n  int x = 0;\n public:\n  void f() {\nBODY}\n};\n",
                     "A::f(int x) : x_{x}, y_(std::move(x)) {\nBODY}\n",
                     "template <class T, int n = (3 > 2)>\nauto f(T t) -> Result<T> {\nBODY}\n",
                     "TEST(Session, Expires) {\nBODY}\n",
                     "bool A::operator()(int a) const {\nBODY}\n",
                     "bool operator==(const A& a, const A& b) {\nBODY}\n",
                     'extern "C" int f(const char* p) {\nBODY}\n',
                     "void g(X x = {}) {\n}\nvoid f(X x = {}) {\nBODY}\n",
                     "#if A\nvoid f() {\n#else\nvoid f(int) {\n#endif\nBODY}\n",
                     "const X x{.a = 1};\nstd::array<int, 2> y = {1, 2};\nvoid f() {\nBODY}\n",
                     "struct epoll_event* f(int fd) {\nBODY}\n"):
            with self.subTest(text):
                self.assertIn("function-size:", self.length_of(text))

    def test_what_is_no_function_is_not_found(self):
        for text in ("namespace sluice {\nBODY}\n",
                     "class A final : public B<decltype(f())> {\nBODY};\n",
                     "enum class A : int {\nBODY};\n", "constexpr int x[] = {\nBODY};\n",
                     "const auto table = std::to_array<Row>({\nBODY});\n",
                     "template <class T>\nstruct SLUICE_CAPABILITY(\"mutex\") A {\nBODY};\n",
                     "// void f() {\nBODY", 'const char* x = R"(void f() {\nBODY})";\n',
                     "#define F() \\\n  void f() { \\\n  int x = '{'; \\\n\nBODY",
                     "void f() {\n}\nint x = 1'000'000;\nBODY\nvoid g() {\n}\n"):
            with self.subTest(text):
                self.assertNotIn("function-size:", self.length_of(text))

    def test_a_function_of_70_lines_passes(self):
        self.put("src/base/a.cc", SPDX + "void f() {\n" + "  g();\n" * 68 + "}\n")
        self.assertIn("0 errors, 1 warnings", self.assert_clean())


class Bans(TidyTest):
    def assert_ban(self, rule, code, path="src/base/a.cc"):
        with self.subTest(code):
            self.put(path, SPDX + code + "\n")
            self.assert_finds(f"{path}:2: {rule}: ", ", use ")

    def assert_allowed(self, code, path="src/base/a.cc"):
        with self.subTest(code):
            self.put(path, SPDX + code + "\n")
            self.assert_clean()

    def test_banned_names_fail(self):
        for rule, code in (
                ("clock", "auto t = std::chrono::steady_clock::now();"),
                ("clock", "auto t = ::time(nullptr);"),
                ("chance", "std::mt19937 generator;"), ("threads", "#include <mutex>"),
                ("threads", "std::atomic<int> x;"), ("shared-ptr", "std::shared_ptr<int> x;"),
                ("new", "auto* x = new int;"), ("delete", "delete x;"),
                ("malloc", "void* x = std::malloc(3);"), ("throw", "throw 1;"),
                ("thread-local", "thread_local int x;"), ("assert", "assert(x);"),
                ("print", 'printf("x");'), ("strcmp", "if (strcmp(a, b)) {}"),
                ("enum", "enum Color { red };"), ("platform", "#ifdef __linux__"),
                ("todo", "// TODO: later"), ("todo", "// TODO(me): later"),
                ("fixme", "// FIXME mend")):
            self.assert_ban(rule, code)

    def test_near_misses_pass(self):
        for code in ("// std::mutex, new, throw, delete: words in a comment",
                     'const char* x = "new std::mutex throw";', "A(const A&) = delete;",
                     "auto t = packet.time(0);", "void* operator new(std::size_t);",
                     "new (slot) Session(id);",
                     "return std::unique_ptr<Ring>(\n    new Ring(3));",
                     "std::unique_ptr<Queue> queue(new Queue(before));",
                     "enum class Color { red };",
                     "static_assert(sizeof(int) == 4);", "SLUICE_ASSERT(x);",
                     "// TODO(perf): measure it", "x.free(3);", "int new_id = 0;"):
            self.assert_allowed(code)

    def test_threads_are_allowed_in_os_server_and_tests(self):
        for path in ("src/os/a.cc", "src/server/a.cc", "tests/e2e/a.cc"):
            self.assert_allowed("#include <thread>", path)

    def test_only_one_file_reads_the_clock(self):
        self.assert_allowed("auto t = std::chrono::steady_clock::now();", "src/os/clock.cc")
        self.assert_ban("clock", "auto t = std::chrono::steady_clock::now();", "src/os/timer.cc")

    def test_a_test_does_not_sleep(self):
        self.assert_ban("sleep", "std::this_thread::sleep_for(1s);", "tests/unit/base/a_test.cc")
        self.put("tests/e2e/a.py", "# SPDX-License-Identifier: Apache-2.0\ntime.sleep(1)\n")
        self.assert_finds("tests/e2e/a.py:2: sleep")

    def test_the_build_is_for_every_machine(self):
        self.put("src/base/libraries.cmake", "# SPDX-License-Identifier: Apache-2.0\n"
                 "target_compile_options(${module} PRIVATE -march=native)\n")
        self.assert_finds("src/base/libraries.cmake:2: march: '-march='")

    def test_a_disabled_test_fails(self):
        self.assert_ban("disabled-test", "TEST(A, DISABLED_Works) {}", "tests/unit/base/a_test.cc")


class Names(TidyTest):
    def test_file_names_that_say_nothing_fail(self):
        for name in ("utils", "string_helpers", "common", "session_manager", "misc"):
            self.put(f"src/base/{name}.cc", SPDX)
            self.assert_finds(f"src/base/{name}.cc:1: file-name: '{name}' says nothing")

    def test_other_suffixes_and_cases_fail(self):
        self.put("src/base/a.cpp", SPDX)
        self.put("src/base/MyFile.cc", SPDX)
        self.assert_finds("file-name: '.cpp', use .cc", "file-name: 'MyFile', use snake_case")

    def test_a_file_begins_with_its_licence_and_a_header_with_its_guard(self):
        self.put("src/base/a.h", "int x;\n")
        self.assert_finds("src/base/a.h:1: spdx:", "src/base/a.h:1: pragma-once:")

    def test_the_namespace_is_the_folder(self):
        self.put("src/codec/a.h", header("namespace sluice::core {\n}\n"))
        self.assert_finds("src/codec/a.h:1: namespace: opens sluice::core, use sluice::codec")

    def test_types_are_pascal_case_inside_and_snake_case_in_the_public_headers(self):
        self.put("src/base/a.h", header("struct sockaddr;\nstruct alignas(64) Ok {};\n"
                                        "struct stat old_;\n"
                                        "struct my_type {\n};\n"))
        self.put("include/sluice/client.hpp", header("class Client {\n};\n"))
        self.assert_finds("src/base/a.h:6: type-name: 'my_type', use PascalCase",
                          "include/sluice/client.hpp:3: type-name: 'Client', use snake_case")

    def test_a_folder_says_what_it_owns(self):
        self.put("src/base/a.cc", SPDX)
        os.remove(os.path.join(self.root, "src/base/README.md"))
        self.assert_finds("src/base/README.md:1: readme: missing")


class Tables(TidyTest):
    def table(self, *rows):
        self.put("src/base/a.cc", SPDX + '#include "base/t.def"\n')
        self.put("src/base/t.def", SPDX + "// ROW(name, id, text): sorted by id.\n"
                 + "".join(f"{row}\n" for row in rows))

    def test_rows_in_the_promised_order_pass(self):
        self.table('ROW(b, 0x01, "x, y")', "ROW(a, 0x0a, f(1, 2))", "ROW(c, 200)")
        self.assert_clean()

    def test_a_row_out_of_order_fails(self):
        self.table("ROW(a, 10)", "ROW(b, 9)")
        self.assert_finds("src/base/t.def:4: table-order: 9 is out of order")

    def test_a_row_that_stands_twice_fails(self):
        self.table("ROW(a, 10)", "ROW(b, 10)")
        self.assert_finds("table-order: 10 stands twice")

    def test_a_header_that_nobody_includes_is_dead(self):
        self.put("src/base/a.h", header(""))
        self.assert_finds("src/base/a.h:1: dead:")
        self.put("tests/unit/base/a_test.cc", SPDX + '#include "base/a.h"\n')
        self.assert_clean()


class Exceptions(TidyTest):
    def test_an_exception_with_its_reason_excuses(self):
        self.put("src/base/a.cc", SPDX + "std::atomic<int> x;\n")
        self.put("tools/tidy_exceptions.txt", "threads src/base/a.cc : counts across threads\n")
        self.assert_clean()

    def test_an_exception_for_one_function_excuses_no_other(self):
        body = "{\n" + "  g();\n" * 80 + "}\n"
        self.put("src/base/a.cc", SPDX + "void f() " + body + "void h() " + body)
        self.put("tools/tidy_exceptions.txt", "function-size src/base/a.cc f : one table\n")
        self.assertNotIn(" f() has", self.assert_finds("function-size: h() has 82 lines"))

    def test_an_exception_that_excuses_nothing_fails(self):
        self.put("tools/tidy_exceptions.txt", "threads src/base/a.cc : reason\n")
        self.assert_finds("tools/tidy_exceptions.txt:1: exceptions: threads src/base/a.cc excuses")

    def test_an_exception_without_a_reason_fails(self):
        self.put("tools/tidy_exceptions.txt", "threads src/base/a.cc\n")
        self.assert_finds("use 'rule path [function] : reason'")


if __name__ == "__main__":
    unittest.main()
