#!/usr/bin/env python3
"""Packs a folder of fuzzing inputs into one file of lines, and unpacks it again.

    corpus.py pack FOLDER corpus/page.jsonl        corpus.py unpack corpus/page.jsonl FOLDER

Each line is a JSON string whose characters U+0000 to U+00FF are the bytes of one input; sorted, so that a new input is one new line.
"""
import hashlib, json, os, sys

how, source, target = sys.argv[1:]
if how == "pack":
    inputs = sorted({open(os.path.join(source, name), "rb").read() for name in os.listdir(source)})
    with open(target, "w", encoding="ascii", newline="\n") as packed:
        packed.writelines(json.dumps(own.decode("latin-1")) + "\n" for own in inputs)
elif how == "unpack":
    os.makedirs(target, exist_ok=True)
    for line in open(source, encoding="ascii"):
        own = json.loads(line).encode("latin-1")
        open(os.path.join(target, hashlib.sha1(own).hexdigest()), "wb").write(own)
else:
    sys.exit(__doc__)
