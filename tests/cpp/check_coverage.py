#!/usr/bin/env python3
"""Checks that alternator_lb.hpp leaves nothing of alternator_lb.h out: every function is called in it, every number has a name.

    check_coverage.py ALTERNATOR_LB_H ALTERNATOR_LB_HPP
"""
import re
import sys
from pathlib import Path

import header

# A std::string_view knows its length.
NOT_USED = {"ALB_NUL"}


def main() -> int:
    c_header, cpp_header = map(Path, sys.argv[1:])
    code = re.sub(r"/\*.*?\*/|//[^\n]*", " ", cpp_header.read_text(), flags=re.S)
    faults = [
        f"not called: {function.name}()"
        for function in header.functions(c_header)
        if not re.search(rf"\b{function.name}\(", code)
    ]
    constants = set(re.findall(r"^#define (ALB_\w+) \S", c_header.read_text(), flags=re.M))
    faults += [f"not used: {name}" for name in sorted(constants) if name not in NOT_USED and not re.search(rf"\b{name}\b", code)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
