# SPDX-License-Identifier: Apache-2.0
"""The rules of tools/tidy: each module holds one kind of rule and a function check(tree)."""
