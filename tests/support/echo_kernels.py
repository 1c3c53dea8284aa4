"""A library with a kernel for each of several schemas, which gives its rows as they are.

Each value goes out of the batch into the field of a struct, and out of that into a batch.
"""

import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(os.environ.get("FERRULE_ROOT", pathlib.Path(__file__).parents[2]))


def said(*arguments):
    """What the command prints."""
    command = [os.environ["FERRULE_COMMAND"], *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def source(schemas):
    parts = ["#include <ferrule/kernel.h>\n"]
    for i, schema in enumerate(schemas):
        parts.append(said("kernel", "header", "--json", json.dumps(schema), "--name", f"row{i}"))
        parts.append(
            f"static int same{i}(const row{i} *in, row{i} *out, frl_kernel_error *error) {{\n"
            f"  (void)error;\n  *out = *in;\n  return 0;\n}}\n"
            f'FRL_MAP_KERNEL(echo{i}, row{i}, row{i}, same{i}, "Rows as they are.")\n'
        )
    parts.append(f"FRL_KERNELS({', '.join(f'&echo{i}_kernel' for i in range(len(schemas)))})\n")
    return "\n".join(parts)


def library(schemas, folder):
    """Built; kernel i is called echo<i>."""
    written = pathlib.Path(folder) / "echo.c"
    written.write_text(source(schemas), encoding="utf-8")
    made = str(written.with_name("libecho.so"))
    compiler = shutil.which("cc") or shutil.which("gcc")
    flags = ["-std=c11", "-shared", "-fPIC", "-O0", "-Wall", "-Werror", "-ffp-contract=off"]
    subprocess.run([compiler, *flags, f"-I{ROOT}/include", written, "-o", made], check=True)
    return made
