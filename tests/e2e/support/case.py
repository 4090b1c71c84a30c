# SPDX-License-Identifier: Apache-2.0
"""How each test file ends: python3 x_test.py [unittest's arguments]."""
import faulthandler
import sys
import unittest


def main(seconds=280):
    """Runs the tests of the calling file; a hang prints every thread's stack before ctest's end."""
    faulthandler.dump_traceback_later(seconds, exit=True)
    sys.stdout.reconfigure(line_buffering=True)
    unittest.main(module="__main__", verbosity=2)
