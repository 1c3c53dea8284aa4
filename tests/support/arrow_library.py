"""libferrule's Arrow half through its public C functions, by ctypes."""

import ctypes
import os
import pathlib

import pyarrow as pa

OK, END = 0, 2
SCHEMA_BYTES, ARRAY_BYTES = 72, 80  # the structs of the Arrow C Data Interface

WRITE_FN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p
)


class WriterOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("file_format", ctypes.c_int),
        ("codec", ctypes.c_int),
        ("atomic", ctypes.c_int),
        ("mem", ctypes.c_void_p),
    ]


class Error(ctypes.Structure):
    _fields_ = [
        ("origin_code", ctypes.c_int32),
        ("origin", ctypes.c_uint8),
        ("retriable", ctypes.c_bool),
        ("retry_after_ms", ctypes.c_uint32),
        ("message", ctypes.c_char * 512),
    ]


class FerruleError(Exception):
    pass


class Ferrule:
    """What the tests call; failures are FerruleError with the library's message."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.frl_ipc_reader_schema.restype = ctypes.c_void_p

    def call(self, name, *arguments):
        err = Error()
        status = getattr(self.lib, name)(*arguments, ctypes.byref(err))
        if status not in (OK, END):
            raise FerruleError(err.message.decode())
        return status

    def write_ipc(self, schema, batches, file_format=False, codec=0):
        """The bytes that Ferrule writes for pyarrow's record batches."""
        pieces = []

        @WRITE_FN
        def keep(_ctx, data, n, _err):
            pieces.append(ctypes.string_at(data, n))
            return OK

        options = WriterOptions(ctypes.sizeof(WriterOptions), file_format, codec, 0, None)
        c_schema = ctypes.create_string_buffer(SCHEMA_BYTES)
        c_array = ctypes.create_string_buffer(ARRAY_BYTES)
        writer = ctypes.c_void_p()
        schema._export_to_c(ctypes.addressof(c_schema))
        try:
            self.call(
                *("frl_ipc_writer_open_fn", ctypes.byref(writer), keep, None),
                *(c_schema, ctypes.byref(options)),
            )
            for batch in batches:
                batch._export_to_c(ctypes.addressof(c_array))
                try:
                    self.call("frl_ipc_writer_write", writer, c_array)
                finally:
                    self.lib.frl_array_release(c_array)
            self.call("frl_ipc_writer_finish", writer)
        finally:
            self.lib.frl_ipc_writer_destroy(writer)
            self.lib.frl_schema_release(c_schema)
        return b"".join(pieces)

    def read_ipc(self, data):
        """Schema and record batches, in pyarrow, that Ferrule reads from the bytes."""
        reader = ctypes.c_void_p()
        self.call(
            *("frl_ipc_reader_open_bytes", ctypes.byref(reader), data),
            *(ctypes.c_size_t(len(data)), None),
        )
        try:
            schema = self.copied(ctypes.c_void_p(self.lib.frl_ipc_reader_schema(reader)))
            batches = []
            while True:
                c_array = ctypes.create_string_buffer(ARRAY_BYTES)
                if self.call("frl_ipc_reader_next", reader, c_array) == END:
                    return schema, batches
                address = ctypes.addressof(c_array)
                batches.append(pa.RecordBatch._import_from_c(address, schema))
        finally:
            self.lib.frl_ipc_reader_destroy(reader)

    def copied(self, c_schema):
        copy = ctypes.create_string_buffer(SCHEMA_BYTES)
        self.call("frl_schema_copy", copy, None, c_schema)
        return pa.Schema._import_from_c(ctypes.addressof(copy))

    def schema_from(self, function, text):
        """DDL or JSON as a pyarrow schema."""
        out = ctypes.create_string_buffer(SCHEMA_BYTES)
        raw = text.encode()
        self.call(function, out, None, raw, ctypes.c_size_t(len(raw)))
        return pa.Schema._import_from_c(ctypes.addressof(out))

    def schema_to(self, function, schema):
        """A pyarrow schema as DDL or JSON."""
        c_schema = ctypes.create_string_buffer(SCHEMA_BYTES)
        out = ctypes.c_char_p()
        schema._export_to_c(ctypes.addressof(c_schema))
        options = [None] if function == "frl_schema_to_ddl" else []
        try:
            self.call(function, ctypes.byref(out), None, c_schema, *options)
            return out.value.decode()
        finally:
            self.lib.frl_text_free(None, out)
            self.lib.frl_schema_release(c_schema)


def load():
    """The library of the build that the tests run on."""
    command = os.environ.get("FERRULE_COMMAND", "build/release/ferrule")
    beside = pathlib.Path(command).with_name("libferrule.so")
    return Ferrule(os.environ.get("FERRULE_LIBRARY", str(beside)))
