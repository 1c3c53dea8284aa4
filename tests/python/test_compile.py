"""Kernels from source: built once, told apart by content."""

import os
import pathlib

import ferrule
import pyarrow as pa
import pytest
from ferrule.kernel import compile

FUSED = """
#include <ferrule/kernel.h>
#define IN(X) X(DOUBLE, a, NOT_NULL) X(DOUBLE, b, NOT_NULL) X(DOUBLE, c, NOT_NULL)
FRL_ROW(in, IN)
#define OUT(X) X(DOUBLE, r, NOT_NULL)
FRL_ROW(out, OUT)
static int fused(const in *i, out *o, frl_kernel_error *error) {
  (void)error;
  o->r = i->a * i->b + i->c;
  return 0;
}
FRL_MAP_KERNEL(fused, in, out, fused, "%s")
FRL_KERNELS(&fused_kernel)
"""


def test_a_text_is_built_once():
    first = compile(FUSED % "one")
    written = os.stat(first.path).st_mtime_ns
    again = compile(FUSED % "one")
    assert (again.path, os.stat(again.path).st_mtime_ns) == (first.path, written)
    assert compile(FUSED % "another").path != first.path
    assert compile(FUSED % "one", flags=["-O1"]).path != first.path


def test_a_product_is_rounded_before_its_sum():
    # rounded once, in a fused multiply-add, it would be -2**-60
    a, b, c = 1 + 2.0**-30, 1 - 2.0**-30, -1.0
    k = compile(FUSED % "one", flags=["-march=native"])
    batch = pa.record_batch({"a": [a], "b": [b], "c": [c]})
    (made,) = k.batches([batch])
    assert pa.record_batch(made).to_pylist() == [{"r": 0.0}]


def test_a_header_beside_the_file_counts(tmp_path):
    source = tmp_path / "of_header.c"
    text = FUSED % "DOC"
    source.write_text('#include "doc.h"\n' + text.replace('"DOC"', "DOC"))
    (tmp_path / "doc.h").write_text('#define DOC "first"\n')
    first = compile(source)
    assert (first.__doc__, pathlib.Path(first.path).name) == ("first", "of_header.so")
    (tmp_path / "doc.h").write_text('#define DOC "second"\n')
    assert compile(source).__doc__ == "second"


def test_cxx_is_compiled_as_such(tmp_path):
    source = tmp_path / "fused.cpp"
    source.write_text(FUSED % "in C++" + '\nstatic_assert(__cplusplus >= 201703L, "");\n')
    assert compile(source).__doc__ == "in C++"


def test_what_the_compiler_says_is_told():
    with pytest.raises(ferrule.Error, match="does not compile(.|\n)*undeclared_thing"):
        compile("#include <ferrule/kernel.h>\nint x = undeclared_thing;\n")


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(ferrule.Error, match=r"no file .*nowhere\.c"):
        compile(tmp_path / "nowhere.c")
    with pytest.raises(ferrule.Error, match="no compiler 'no-such-cc'"):
        compile(FUSED % "one", compiler="no-such-cc")


def test_the_headers_are_in_the_package():
    header = pathlib.Path(ferrule.kernel.include_dir(), "ferrule", "kernel.h")
    assert "FRL_KERNELS" in header.read_text()
