# SPDX-License-Identifier: Apache-2.0
"""What the command line is to a shell: completion in the real shells, manual pages, named
connections."""
import os
import pty
import select
import shutil
import socket
import stat
import subprocess
import tempfile
import time
import unittest

from support.broker import BrokerCase, missing_peer, sluice_binary
from support.case import main

PATIENCE = 30.0


def peer(name):
    path = shutil.which(name)
    if path is None:
        missing_peer(name)
    return path


class ShellCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-shell-")
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        os.mkdir(self.home + "/bin")
        os.symlink(sluice_binary(), self.home + "/bin/sluice")

    def environment(self, **more):
        return {"HOME": self.home, "PATH": f"{self.home}/bin:/usr/bin:/bin:/usr/sbin",
                "TERM": "dumb", "LC_ALL": "C.UTF-8", **more}

    def run_one(self, words, code=0, stdin=None, **more):
        done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=PATIENCE, check=False,
                              env=self.environment(**more))
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def sluice(self, *words, code=0, **more):
        return self.run_one(["sluice", *words], code, **more)


class Completion(ShellCase):
    # What is typed, and some of what must be offered.
    CASES = ((["re"], {"request", "reply"}), (["pub", "--will-t"], {"--will-topic"}),
             (["context", "s"], {"save", "show"}), (["completion", ""], {"bash", "zsh", "fish"}),
             (["sub", "--context", ""], {"factory"}))
    READS_KEYS = "\x1b[?2004h"  # what zsh's line editor writes when it begins to read

    def setUp(self):
        super().setUp()
        self.sluice("context", "save", "factory", "mqtt://127.0.0.1:1")

    def test_bash(self):
        for words, expected in self.CASES:
            with self.subTest(words=words):
                script = ("source <(sluice completion bash); COMP_WORDS=(sluice \"$@\");"
                          "COMP_CWORD=$#; _sluice; printf '%s\\n' \"${COMPREPLY[@]}\"")
                offered = self.run_one([peer("bash"), "-c", script, "bash", *words]).split()
                self.assertLessEqual(expected, set(offered))
                self.assertTrue(all(word.startswith(words[-1]) for word in offered), offered)

    def test_fish(self):
        for words, expected in self.CASES:
            with self.subTest(words=words):
                script = "sluice completion fish | source; complete -C \"$argv\""
                lines = self.run_one([peer("fish"), "--no-config", "-c", script, "sluice", *words])
                offered = {line.split("\t")[0] for line in lines.split("\n")}
                self.assertLessEqual(expected, offered)

    def test_zsh(self):
        """In a terminal, because zsh completes nowhere else: what Tab leaves on the line."""
        process, fd = pty.fork()
        if process == 0:
            os.execve(peer("zsh"), ["zsh", "-f", "-i"], self.environment(PS1="> "))
        self.addCleanup(os.close, fd)
        self.addCleanup(os.waitpid, process, 0)
        self.addCleanup(os.kill, process, 9)
        self.expect(fd, "> ")
        os.write(fd, b"autoload -U compinit; compinit -u; source <(sluice completion zsh);"
                     b" print rea''dy\n")
        self.expect(fd, "ready", self.READS_KEYS)
        for typed, expected in (("sluice req\t", "sluice request"),
                                ("sluice pub --will-t\t", "sluice pub --will-topic"),
                                ("sluice context sa\t", "sluice context save"),
                                ("sluice sub --context f\t", "sluice sub --context factory")):
            os.write(fd, b"\x15" + typed.encode())
            self.expect(fd, expected)

    def expect(self, fd, *texts):
        """Each of them behind the one before."""
        seen, deadline = "", time.monotonic() + PATIENCE
        for text in texts:
            while text not in seen:
                ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
                self.assertTrue(ready, f"no {text!r} in {seen!r}")
                seen += os.read(fd, 65536).decode(errors="replace")
            seen = seen[seen.index(text) + len(text):]


class Manual(ShellCase):
    def test_pages_are_clean_and_name_each_flag(self):
        self.sluice("man", "--directory", self.home + "/share")
        pages = os.listdir(self.home + "/share/man/man1")
        self.assertIn("sluice.1", pages)
        for page in pages:
            with self.subTest(page=page):
                done = subprocess.run([peer("groff"), "-man", "-Tutf8", "-ww", "-z",
                                       f"{self.home}/share/man/man1/{page}"], check=True,
                                      stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
                self.assertEqual(done.stderr, "")
        with open(self.home + "/share/man/man1/sluice-sub.1", encoding="utf-8") as file:
            text = file.read().replace("\\-", "-")
        for line in self.sluice("sub", "--help").splitlines():
            for word in line.split():
                if word.startswith("--") and line.startswith("  "):
                    self.assertIn(word, text)

    def test_one_page_is_printed(self):
        self.assertIn(".TH SLUICE", self.sluice("man"))
        self.assertIn("sluice-pub", self.sluice("man", "pub").replace("\\-", "-"))
        self.sluice("man", "nonsense", code=2)


class Installation(ShellCase):
    def test_mosquittos_names_are_links_to_the_program_where_they_are_asked_for(self):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        for wanted, expected in (("ON", {"mosquitto_pub", "mosquitto_sub", "mosquitto_rr"}),
                                 ("OFF", set())):
            build = f"{self.home}/build-{wanted}"
            self.run_one([peer("cmake"), "-G", "Ninja", "-S", source, "-B", build,
                          "-DSLUICE_BUILD_TESTS=OFF", f"-DSLUICE_INSTALL_MOSQUITTO_NAMES={wanted}"])
            names = build + "/names"
            found = os.listdir(names) if os.path.isdir(names) else []
            self.assertEqual({name for name in found if os.readlink(f"{names}/{name}") == "sluice"},
                             expected)


class Context(BrokerCase, ShellCase):
    def setUp(self):
        ShellCase.setUp(self)
        BrokerCase.setUp(self)
        self.url = f"mqtt://name:sesame@127.0.0.1:{self.port}"
        self.file = self.home + "/.config/sluice/contexts.json"

    def test_saved_connection_is_used_until_a_broker_is_named(self):
        topic = self.topic()
        self.sluice("context", "save", "here", f"mqtt://127.0.0.1:{self.port}", "-i", "me")
        self.sluice("context", "save", "nowhere", "mqtt://127.0.0.1:1")
        self.sluice("pub", "--context", "here", topic, "1", "-r")
        self.sluice("context", "use", "nowhere")
        self.sluice("pub", topic, "x", code=3)
        self.sluice("pub", topic, "2", "-r", SLUICE_CONTEXT="here")
        self.sluice("pub", f"mqtt://127.0.0.1:{self.port}", topic, "3", "-r")
        self.sluice("pub", "-h", "127.0.0.1", "-p", str(self.port), topic, "4", "-r")
        self.sluice("pub", topic, "5", "-r", SLUICE_URL=f"mqtt://127.0.0.1:{self.port}")
        self.sluice("context", "use", "here")
        shown = self.sluice("sub", topic, "-C", "1", "-d")
        self.assertEqual(shown, "5\n")
        self.assertIn("* here", self.sluice("context", "list"))
        self.sluice("context", "use", "-")
        self.assertNotIn("*", self.sluice("context"))
        self.sluice("context", "remove", "nowhere")
        self.assertEqual(self.sluice("context", "list", "--names"), "here\n")
        self.assertIn("no context", self.sluice("pub", "--context", "nowhere", topic, "x", code=2))

    def test_secrets_stay_in_a_private_file(self):
        self.sluice("context", "save", "mine", self.url, "-P", "open", "-u", "ali baba")
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(self.file)).st_mode), 0o700)
        for words in (["list"], ["show", "mine"]):
            shown = self.sluice("context", *words)
            self.assertIn("name:…@127.0.0.1", shown)
            self.assertNotIn("sesame", shown)
            self.assertNotIn("open", shown)
        os.chmod(self.file, 0o640)
        error = self.sluice("pub", "--context", "mine", "a", "b", code=2)
        self.assertIn("chmod 600", error)
        self.assertNotIn("sesame", error)

    def test_password_comes_from_a_file_or_the_environment(self):
        path = self.home + "/password"
        with open(path, "w", encoding="utf-8") as file:
            file.write("sesame\n")
        for words, more in ((["--password-file", path], {}), ([], {"SLUICE_PASSWORD": "sesame"}),
                            (["-P", "sesame"], {"SLUICE_PASSWORD": "another"})):
            with self.subTest(words=words), socket.create_server(("127.0.0.1", 0)) as listener:
                listener.settimeout(PATIENCE)
                at = ["-h", "127.0.0.1", "-p", str(listener.getsockname()[1]), "a", "b"]
                process = subprocess.Popen(["sluice", "pub", "-u", "name", *words, *at],
                                           env=self.environment(**more))
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(PATIENCE)
                    self.assertTrue(connection.recv(4096).endswith(b"\0\4name\0\6sesame"))
                    connection.sendall(b"\x20\3\0\x86\0")
                    self.assertEqual(process.wait(PATIENCE), 4)
        self.assertIn("cannot be read", self.sluice("pub", "--password-file", "/none", "a", "b",
                                                    code=2))

    def test_password_is_asked_for_without_showing_it(self):
        process, fd = pty.fork()
        if process == 0:
            os.execve(self.home + "/bin/sluice", ["sluice", "context", "save", "asked", "-u", "me",
                                                  "-P", "-"], self.environment())
        self.addCleanup(os.close, fd)
        seen = b""
        while b"Password: " not in seen:
            seen += os.read(fd, 4096)
        os.write(fd, b"sesame\n")
        self.assertEqual(os.waitpid(process, 0)[1], 0)
        self.assertNotIn(b"sesame", seen + os.read(fd, 4096))
        with open(self.file, encoding="utf-8") as file:
            self.assertIn('"sesame"', file.read())

    def test_wrong_contexts_are_refused(self):
        for words in (["save"], ["save", "name", "http://x"], ["save", "a", "-p", "70000"],
                      ["save", "a", "mqtt://h", "mqtt://i"], ["use"], ["nonsense", "x"]):
            with self.subTest(words=words):
                self.sluice("context", *words, code=2)
        self.sluice("context", "use", "unknown", code=1)
        os.makedirs(os.path.dirname(self.file), exist_ok=True)
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("not JSON")
        os.chmod(self.file, 0o600)
        self.assertIn("no file of contexts", self.sluice("context", code=1))


if __name__ == "__main__":
    main()
