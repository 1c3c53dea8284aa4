"""Schema to C declaration and back, and rows through the declared structs."""

import json
import random

import kernel_tools as tools
import pytest
from ferrule_command import run_ferrule
from kernel_schemas import Maker

SEED = 20261121
SCHEMAS = 24
ROWS = 60


@pytest.fixture(scope="module")
def drawn():
    maker = Maker(random.Random(SEED))
    return [maker.table(ROWS) for _ in range(SCHEMAS)]


def text_of(ferrule, *arguments):
    done = ferrule(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture(scope="module")
def library(drawn, tmp_path_factory):
    """One library in which a kernel for each schema gives its rows as they are."""
    folder = tmp_path_factory.mktemp("property")
    parts = ["#include <ferrule/kernel.h>\n"]
    for i, (spark, _) in enumerate(drawn):
        name = f"row{i}"
        parts.append(
            text_of(run_ferrule, "kernel", "header", "--json", json.dumps(spark), "--name", name)
        )
        parts.append(
            f"static int same{i}(const {name} *in, {name} *out, frl_kernel_error *error) {{\n"
            f"  (void)error;\n  *out = *in;\n  return 0;\n}}\n"
            f'FRL_MAP_KERNEL(echo{i}, {name}, {name}, same{i}, "Rows as they are.")\n'
        )
    parts.append(f"FRL_KERNELS({', '.join(f'&echo{i}_kernel' for i in range(len(drawn)))})\n")
    source = folder / "echo.c"
    source.write_text("\n".join(parts))
    for compiler in (tools.CXX, tools.C):
        made = tools.built(source, folder, "-O0", "-Wall", "-Wextra", "-Werror", compiler=compiler)
    return made


def test_a_declared_schema_is_the_one_it_was_made_from(drawn, library, ferrule):
    for i, (spark, _) in enumerate(drawn):
        given = json.dumps(spark)
        as_json = text_of(ferrule, "ddl", "--from-json", given, "--to", "json").strip()
        as_ddl = text_of(ferrule, "ddl", "--from-json", given).strip()
        shown = text_of(ferrule, "kernel", "describe", library, f"echo{i}", "--json")
        assert f"input   {as_json}\n" in shown and f"output  {as_json}\n" in shown
        assert json.loads(as_json) == spark
        assert f"output  {as_ddl}\n" in text_of(ferrule, "kernel", "describe", library, f"echo{i}")


def test_rows_come_back_equal(drawn, library, tmp_path):
    for i, (_, table) in enumerate(drawn):
        out = tools.run_kernel(library, f"echo{i}", table, tmp_path, rows=17)
        assert out.schema.equals(table.schema, check_metadata=False), i
        assert out.combine_chunks().equals(table.combine_chunks()), (i, table.schema)
        sliced = table.slice(11, 23)
        out = tools.run_kernel(library, f"echo{i}", sliced, tmp_path)
        assert out.combine_chunks().equals(sliced.combine_chunks()), (i, table.schema)


def test_every_drawn_kernel_passes_the_check(library, ferrule):
    done = ferrule("kernel", "check", library, "echo0")
    assert done.returncode == 0 and b"11 tried, 0 failed" in done.stdout
