"""What Spark Connect's protocol has no message for: a kernel run by the server's jar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql.connect.dataframe import DataFrame
from pyspark.sql.connect.plan import LogicalPlan

if TYPE_CHECKING:
    from ferrule.kernel import Kernel

_TYPE_URL = "type.googleapis.com/org.ferrule.MapInNative"
# the message's fields, all of them length-delimited; see MapInNativeRelation.java
_INPUT, _LIBRARY, _SHA256, _KERNEL, _OPTIONS = range(1, 6)
_KEY, _VALUE = 1, 2


def _field(number: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    length, rest = bytearray(), len(data)
    while rest > 0x7F:
        length.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([number << 3 | 2]) + bytes(length) + bytes([rest]) + data


class _MapInNative(LogicalPlan):
    def __init__(self, child: LogicalPlan, k: Kernel, options: dict[str, str]) -> None:
        super().__init__(child)
        self._kernel = k
        self._options = options

    def plan(self, session: Any) -> Any:
        library = self._kernel._library
        relation = self._create_proto_relation()
        relation.extension.type_url = _TYPE_URL
        relation.extension.value = b"".join(
            [
                _field(_INPUT, self._child.plan(session).SerializeToString()),
                _field(_LIBRARY, library.file_name),
                _field(_SHA256, library.sha256),
                _field(_KERNEL, self._kernel.name),
                *(
                    _field(_OPTIONS, _field(_KEY, key) + _field(_VALUE, value))
                    for key, value in sorted(self._options.items())
                ),
            ]
        )
        return relation


def map_in_native(df: Any, k: Kernel, options: dict[str, str]) -> Any:
    return DataFrame(_MapInNative(df._plan, k, options), df.sparkSession)
