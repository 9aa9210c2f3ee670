"""The version of this package. The same as the core's: tests/test_library.py compares them."""

from typing import Final

VERSION: Final = "0.1.0"
