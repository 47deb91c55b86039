"""Reads log lines as strictly as JSON allows and compares each with what it says it should hold: see reparse_test.cpp."""
import json
import struct
import sys

HEAD = ["timestamp", "level", "module", "message"]


def object_of(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice: " + repr([key for key, _ in pairs]))
    return members


def refuse(constant):
    raise ValueError(constant + " is no JSON")


def check(line):
    read = json.loads(line.decode("utf-8", errors="strict"), object_pairs_hook=object_of, parse_constant=refuse)
    assert list(read)[:4] == HEAD, list(read)
    assert read["text"].encode().hex() == read["text_hex"], read
    assert read["message"].encode().hex() == read["text_hex"], read
    assert str(read["integer"]) == read["integer_text"], read
    assert str(read["natural"]) == read["natural_text"], read
    bits = read["real_bits"]
    if bits == "none":
        assert read["real"] is None, read
    else:
        assert struct.pack(">d", read["real"]).hex() == bits, read
    assert any(key.encode().hex() == read["key_hex"] for key in read), read


with open(sys.argv[1], "rb") as file:
    lines = file.read().split(b"\n")
assert lines.pop() == b"", "the last line is not whole"
for line in lines:
    check(line)
print(len(lines))
