"""Each rule finds what it is there for, and nothing in a file that keeps it."""

import layering
import pytest
import style
import tree

LONG_BODY = "".join(f"  step({n});\n" for n in range(79))


@pytest.fixture
def project(monkeypatch):
    """A project of the given files instead of the real one."""

    def make(files):
        monkeypatch.setattr(tree, "files", lambda: list(files))
        monkeypatch.setattr(tree, "text", lambda path: files[path])

    return make


def found(check, files, project):
    project(files)
    return list(check())


@pytest.mark.parametrize(
    ("check", "path", "bad", "good"),
    [
        (style.check_file_sizes, "src/a.c", "\n" * 601, "\n" * 600),
        (
            style.check_function_sizes,
            "src/a.c",
            "int f(int a,\n    int b) {\n" + LONG_BODY + "}\n",
            "int f(int a) {\n" + LONG_BODY[: -len("  step(78);\n")] + "}\n",
        ),
        (style.check_banned_functions, "a.c", "  strcpy(a, b);\n", "  /* strcpy(a) */\n"),
        (style.check_banned_functions, "a.c", "gets(a);\n", 'puts("gets(a)"); fgets(a);\n'),
        (style.check_leftovers, "a.py", "# TO" + "DO later\n", "# todos are a noun\n"),
        (style.check_paths, "a.py", 'open("/ro' + 'ot/x")\n', 'open("$HOME/x")\n'),
        (style.check_whitespace, "a.c", "int a; \n", "int a;\n"),
        (style.check_whitespace, "a.c", "int a;", "int a;\n"),
        (style.check_whitespace, "a.c", "\tint a;\n", "int a; /*\t*/\n"),
        (
            style.check_downloads,
            "scripts/a.sh",
            "curl https:" + "//files.somewhere.org/x\n",
            "curl http://127.0.0.1/x\n",
        ),
        (
            style.check_include_guards,
            "a.h",
            "int a;\n",
            "#ifndef A_H\n#define A_H\n#endif\n",
        ),
        (layering.check_modules, "src/base/a.c", '#include "net/loop.h"\n', "#include <uv.h>\n"),
        (
            layering.check_modules,
            "src/pubsub/a.c",
            '#include "zerobus/a.h"\n',
            '#include "net/loop.h"\n',
        ),
        (layering.check_modules, "src/new/a.c", "", None),
        (layering.check_modules, "src/base/a.c", '#include "../base/b.h"\n', '#include "b.h"\n'),
        (
            layering.check_faces,
            "cli/a.c",
            '#include "base/buf.h"\n',
            '#include "args.h"\n#include <ferrule/batch.h>\n',
        ),
        (
            layering.check_public_headers,
            "include/ferrule/a.h",
            '#include "base/buf.h"\n',
            "#include <ferrule/b.h>\n#include <stdint.h>\n",
        ),
    ],
)
def test_rule(check, path, bad, good, project):
    assert len(found(check, {path: bad}, project)) == 1
    if good is not None:
        assert found(check, {path: good}, project) == []


def test_file_names(project):
    files = {"src/base/util.c": "", "src/base/buffer.c": "", "tests/common/a.c": ""}
    assert len(found(style.check_file_names, files, project)) == 2


def test_functions_are_measured_where_they_stand():
    source = "struct a {\n  int b;\n};\n\nstatic int f(\n    int a) {\n  return a;\n}\n"
    assert list(tree.c_functions(source)) == [("f", 5, 4)]
