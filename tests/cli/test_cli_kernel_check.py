"""What `ferrule kernel check` finds in kernels that are wrong, and `kernel new`."""

import shutil
import subprocess

import kernel_tools as tools
import pytest
from ferrule_command import COMMAND

ROWS = """
#include <ferrule/kernel.h>
#include <stdlib.h>
#include <unistd.h>
#define R(X) X(STRING, col) X(BIGINT, n)
FRL_ROW(in, R)
#define S(X) X(STRING, col, NOT_NULL) X(BIGINT, n)
FRL_ROW(out, S)
typedef struct bad_state { struct ArrowArray kept; } bad_state;
static int bad_init(bad_state *s, const frl_kernel_option *o, int64_t n, frl_kernel_error *e) {
  (void)s, (void)o, (void)n, (void)e;
  return 0;
}
static void bad_free(bad_state *s) { (void)s; }
static int bad_finish(bad_state *s, out_writer *w, frl_kernel_error *e) {
  (void)s, (void)w, (void)e;
  return 0;
}
static int bad_batch(bad_state *s, in_reader *r, out_writer *w, frl_kernel_error *e) {
  (void)s, (void)r, (void)w, (void)e;
  BODY
  return 0;
}
FRL_KERNEL(bad, in, out, bad_state, FLAGS, frl_no_options, "Wrong.")
FRL_KERNELS(&bad_kernel)
"""

SUM = "for (int64_t i = 0; i < r->rows; i++) got += frl_get_i64(r->col.n, i);"

WRONG = {
    "reads_beyond": (
        "volatile int64_t got = 0; for (int64_t i = 0; i <= r->rows; i++)"
        " got += frl_get_i64(r->col.n, i);",
        "0",
        "killed by Segmentation fault: it reads or writes beyond its input",
    ),
    "writes_to_input": (
        "if (r->rows) ((uint8_t *)(uintptr_t)r->col.n->values)[0] = 1;",
        "0",
        "killed by Segmentation fault: it writes to its input",
    ),
    "follows_null": ("*(volatile int *)0 = 1;", "0", "fault: it follows a NULL pointer"),
    "is_lost": (
        "*(volatile int *)(uintptr_t)0x7ff000000000 = 1;",
        "0",
        "fault: it touches memory that is none of its own",
    ),
    "aborts": ("abort();", "0", "killed by Aborted: an assertion, or memory"),
    "exits": ("if (r->rows) exit(0);", "0", "ended within the kernel, with exit status 0"),
    "gives_null": (
        "for (int64_t i = 0; i < r->rows; i++) {"
        " int rc = frl_put_null(w->col.col); if (rc) return rc; }",
        "0",
        "kernel bad: column `col`: null in a NOT NULL column\nFAILED ",
    ),
    "drops_a_column": (
        "for (int64_t i = 0; i < r->rows; i++) if (frl_put_i64(w->col.n, i)) return ENOMEM;",
        "0",
        "column `n` has got 1000 values where `col` has got 0: uneven length\nFAILED ",
    ),
    "gives_minus_one": (
        "if (r->rows) return -1;",
        "0",
        "kernel bad: it gave -1, which is neither 0 nor an errno value\nFAILED ",
    ),
    "gives_invalid_text": (
        'out row; memset(&row, 0, sizeof row); row.col = frl_string_of("\\xff");'
        " for (int64_t i = 0; i < r->rows; i++) if (out_writer_add(w, &row)) return ENOMEM;",
        "0",
        'kernel bad: output: row 0: batch, field "col": not UTF-8',
    ),
    "drops_rows_though_row_wise": (
        "(void)0;",
        "FRL_KERNEL_ROW_WISE",
        "it says that it gives a row for a row, but gave 0 for",
    ),
    "does_not_end": ("for (;;) (void)sleep(1);", "0", "it does not come to an end"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_kernel_is_found_out(name, ferrule, tmp_path):
    body, flags, said = WRONG[name]
    source = tmp_path / "bad.c"
    source.write_text(ROWS.replace("BODY", body).replace("FLAGS", flags))
    library = tools.built(source, tmp_path, "-O1")
    done = ferrule("kernel", "check", library, "--limit", 2, "--trial", "values")
    assert done.returncode == 1, done.stdout.decode()
    assert said in done.stdout.decode() and b"1 tried, 1 failed" in done.stdout
    fine = ferrule("kernel", "check", library, "--trial", "nothing")
    assert fine.stdout == b"ok       bad, nothing: no batch at all\n1 tried, 0 failed\n"


def test_a_good_kernel_passes_and_a_refusal_is_none(ferrule, tmp_path):
    good = tmp_path / "good.c"
    body = f"volatile int64_t got = 0; {SUM}"
    good.write_text(ROWS.replace("BODY", body).replace("FLAGS", "0"))
    done = ferrule("kernel", "check", tools.built(good, tmp_path), "bad")
    assert done.returncode == 0 and b"11 tried, 0 failed" in done.stdout
    picky = tmp_path / "picky.c"
    body = 'if (r->rows > 7) return frl_kernel_fail(e, 7, "too many");'
    picky.write_text(ROWS.replace("BODY", body).replace("FLAGS", "0"))
    done = ferrule("kernel", "check", tools.built(picky, tmp_path))
    assert done.returncode == 0
    assert b"kernel bad: row 7 (row 7 of its batch): too many\nrefused  bad, values" in done.stdout
    done = ferrule("kernel", "check", tmp_path / "libgood.so", "none")
    assert done.returncode == 2 and b"no kernel is called none; there are: bad" in done.stderr
    done = ferrule("kernel", "check", tmp_path / "libgood.so", "--trial", "none")
    assert done.returncode == 2 and b"no trial is called none; there are: nothing" in done.stderr


def test_a_library_without_kernels_is_told(ferrule, tmp_path):
    empty = tmp_path / "empty.c"
    empty.write_text(
        "#include <ferrule/kernel_abi.h>\n"
        "const frl_kernel_list *frl_kernel_list_v1(void) {\n"
        '  static const frl_kernel_list list = {1, 0, 0, "none"};\n  return &list;\n}\n'
    )
    done = ferrule("kernel", "check", tools.built(empty, tmp_path))
    assert done.returncode == 2 and b"there is no kernel in the library" in done.stderr


def has_sanitizer(tmp_path):
    source = tmp_path / "probe.c"
    source.write_text("int probe(void);\nint probe(void) { return 0; }\n")
    made = tools.compile_kernel(source, tmp_path / "probe.so", "-fsanitize=address")
    return made.returncode == 0 and b"libasan.so" in (tmp_path / "probe.so").read_bytes()


def built_with_sanitizer(tmp_path, body, sanitizers):
    if not has_sanitizer(tmp_path):
        pytest.skip("the C compiler has no shared address sanitizer")
    source = tmp_path / "bad.c"
    source.write_text(ROWS.replace("BODY", body).replace("FLAGS", "0"))
    return tools.built(source, tmp_path, "-g", f"-fsanitize={sanitizers}")


def test_a_library_with_sanitizers_is_run_under_them(ferrule, tmp_path):
    body = "char *p = (char *)malloc(8); volatile char x = p[8]; (void)x; free(p);"
    library = built_with_sanitizer(tmp_path, body, "address,undefined")
    done = ferrule("kernel", "check", library, env={"ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode == 1
    assert b"heap-buffer-overflow" in done.stderr
    assert b"or a sanitizer did, which says why" in done.stdout


def test_leaks_are_found_by_the_sanitizer(ferrule, tmp_path):
    body = "if (r->rows) { volatile char *p = (volatile char *)malloc(8); p[0] = 1; }"
    library = built_with_sanitizer(tmp_path, body, "address")
    done = ferrule(
        "kernel", "check", library, "--trial", "one", env={"ASAN_OPTIONS": "detect_leaks=1"}
    )
    assert done.returncode == 1 and b"8 byte(s) leaked in 1 allocation(s)" in done.stderr
    assert b"FAILED   bad, one: what the sanitizer found at the end, such as leaks" in done.stdout


def make(folder, *arguments):
    return subprocess.run(
        ["make", "-C", folder, *arguments], capture_output=True, text=True, timeout=300
    )


def test_a_new_project_builds_and_passes(ferrule, tmp_path):
    folder = tmp_path / "clean_names"
    done = ferrule("kernel", "new", "clean_names", "--folder", folder)
    assert done.returncode == 0, done.stderr
    made = make(folder, "CFLAGS=-O1 -Wall -Wextra -Wpedantic -Werror")
    assert made.returncode == 0 and "passed" in made.stdout, made.stderr
    assert "my_kernel" not in "".join(f.read_text() for f in folder.glob("*.[ch]"))
    described = ferrule("kernel", "describe", folder / "libclean_names.so")
    assert b"clean_names: Doubles an amount.\n  input   `name` STRING, `amount` DOUBLE" in (
        described.stdout
    )
    # its test finds a kernel that has become wrong
    source = folder / "clean_names.c"
    source.write_text(source.read_text().replace("2 * in->amount", "3 * in->amount"))
    broken = make(folder)
    assert broken.returncode != 0 and "FAILED: its amount doubled" in broken.stderr
    assert ferrule("kernel", "new", "clean_names", "--folder", folder).returncode == 1
    assert ferrule("kernel", "new", "Clean-Names").returncode == 2
    for name in ("input", "errno"):
        taken = ferrule("kernel", "new", name, "--folder", tmp_path / name)
        assert taken.returncode == 2 and b"has that name for something else" in taken.stderr


def test_a_new_project_builds_with_cmake_and_passes_its_check(ferrule, tmp_path):
    folder = tmp_path / "tidy"
    assert ferrule("kernel", "new", "tidy", "--folder", folder).returncode == 0
    if has_sanitizer(tmp_path):
        checked = make(folder, "check", f"FERRULE={COMMAND}")
        assert checked.returncode == 0 and "11 tried, 0 failed" in checked.stdout, checked.stderr
    if shutil.which("cmake"):
        build = folder / "build"
        for command in (["-S", folder, "-B", build], ["--build", build]):
            subprocess.run(["cmake", *command], check=True, capture_output=True, timeout=300)
        done = subprocess.run(["ctest"], cwd=build, capture_output=True, text=True, timeout=120)
        assert "100% tests passed" in done.stdout
