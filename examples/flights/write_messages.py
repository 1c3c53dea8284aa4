"""Writes the flights as JSON lines, and beside them what a reader must find.

Usage: write_messages.py MESSAGES.jsonl EXPECTED.json
"""

import json
import sys

from flights import COLUMNS, Checksum, records


def main(messages_path, expected_path):
    checksum = Checksum()
    with open(messages_path, "w", encoding="utf-8") as messages:
        for record in records():
            messages.write(json.dumps(record, separators=(",", ":")) + "\n")
            checksum.add([record[c] for c in COLUMNS])
    with open(expected_path, "w", encoding="utf-8") as expected:
        json.dump(checksum.as_dict(), expected, indent=1)
    print(f"{checksum.rows:,} flights as JSON messages in {messages_path}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
