# SPDX-License-Identifier: Apache-2.0
"""What the guide and README.md tell people to type: configurations are in order, commands do what
is said, and there is no flag that the program does not have."""
import glob
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from support.broker import Broker, sluice_binary
from support.case import main
from support.certificates import Authority

PATIENCE = 60.0
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ACCESS = ROOT + "/docs/guide/access.md"


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def blocks(path, *languages):
    return [text for language, text in FENCED.findall(text_of(path)) if language in languages]


def commands_in(path):
    """The words behind `sluice` of each command, in blocks and between backticks."""
    found = re.findall(r"^(?:build/release/)?sluice ([a-z][^#\n]*)",
                       "\n".join(blocks(path, "", "sh")), re.M)
    found += re.findall(r"`sluice ([a-z][^`]*)`", FENCED.sub("", text_of(path)))
    return [one.split() for one in found]


class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="sluice-guide-"))
        authority = Authority(cls.folder + "/ca")
        certificate, key = authority.sign("server", "/CN=localhost", "DNS:localhost")
        for source, name in ((certificate, "server.pem"), (key, "server.key"),
                             (authority.file, "devices-ca.pem")):
            shutil.copy(source, f"{cls.folder}/{name}")
        for name in ("service-token", "postgres.password"):
            cls.write(name, "secret\n")

    @classmethod
    def write(cls, name, text):
        with open(f"{cls.folder}/{name}", "w", encoding="utf-8",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)

    def run_here(self, *words, stdin=""):
        return subprocess.run([sluice_binary(), *words], cwd=self.folder, input=stdin, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=PATIENCE)

    def assert_in_order(self, *words):
        done = self.run_here("serve", "--check", *words)
        self.assertEqual((done.returncode, done.stdout), (0, "The configuration is in order.\n"))

    def test_configurations_are_in_order(self):
        found = blocks(ACCESS, "toml")
        self.assertGreaterEqual(len(found), 6)
        for number, text in enumerate(found):
            with self.subTest(configuration=text):
                # Lists of what was revoked are read where there are some.
                text = re.sub(r"^crl_file.*\n", "", text, flags=re.M)
                self.write(f"{number}.toml", text.replace("/etc/sluice/", self.folder + "/"))
                self.assert_in_order("--config", f"{number}.toml")

    def test_rules_and_quotas_are_in_order(self):
        rules = [text for text in blocks(ACCESS, "") if re.match("quota|group|allow", text)]
        self.assertEqual(len(rules), 2)
        self.write("both", "".join(rules))
        self.assert_in_order("--rules", "both")

    def test_commands_do_what_is_said(self):
        self.write("rules", next(text for text in blocks(ACCESS, "") if "deny" in text))
        lines = [line for block in blocks(ACCESS, "sh") for line in block.splitlines()]
        self.assertGreaterEqual(len(lines), 7)
        with Broker() as broker:
            admin = broker.admin_url("").removeprefix("http://")
            for line in lines:
                with self.subTest(command=line):
                    program, *words = shlex.split(line, comments=True)
                    self.assertEqual(program, "sluice")
                    self.type(words, admin)
            done = self.run_here("bans", "--admin", admin)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    def type(self, words, admin):
        if words[0] == "serve":
            return self.assert_in_order(*words[1:])
        if words[:2] == ["acl", "test"]:
            done = self.run_here(*words)
            self.assertIn("denied by rules:3: deny", done.stdout)
            return self.assertEqual(done.returncode, 1)
        if words[0] == "bans":
            done = self.run_here(*words, "--admin", admin)
        else:
            done = self.run_here(*words, stdin="secret\nsecret\n")
        return self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_flag_is_one_of_the_program(self):
        helps, flags = {}, 0
        for path in [ROOT + "/README.md", *glob.glob(ROOT + "/docs/guide/**/*.md", recursive=True)]:
            for command, *words in commands_in(path):
                if command not in helps:
                    done = self.run_here(command, "--help")
                    self.assertEqual(done.returncode, 0, f"{path}: sluice {command}")
                    helps[command] = done.stdout
                for word in words:
                    if not re.match(r"--?[a-zA-Z]", word):
                        continue
                    flags += 1
                    known = re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", helps[command])
                    self.assertTrue(known or word == "--help", f"{path}: sluice {command} {word}")
        self.assertGreater(len(helps), 15)
        self.assertGreater(flags, 30)


if __name__ == "__main__":
    main()
