# SPDX-License-Identifier: Apache-2.0
"""How each test file ends: python3 x_test.py [unittest's arguments]."""
import faulthandler
import signal
import sys
import unittest


def main(seconds=280):
    """Runs the tests of the calling file; a hang prints every thread's stack before ctest's end."""
    # Started in the background, SIGINT is ignored, and so it would be in the programs started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.dump_traceback_later(seconds, exit=True)
    sys.stdout.reconfigure(line_buffering=True)
    unittest.main(module="__main__", verbosity=2, warnings="ignore")
