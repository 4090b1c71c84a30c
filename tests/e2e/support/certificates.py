# SPDX-License-Identifier: Apache-2.0
"""A certificate authority and what it signs, made by openssl's command."""
import datetime
import os
import shutil
import subprocess

from support.broker import missing_peer

CA_CONFIG = """
[ca]
default_ca = here
[here]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
crlnumber = {folder}/crlnumber
default_md = sha256
default_crl_days = 30
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = optional
organizationName = optional
[req]
distinguished_name = none
string_mask = utf8only
utf8 = yes
[none]
"""


def stamp(days):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return at.strftime("%Y%m%d%H%M%SZ")


class Authority:
    """Authority(folder).sign("server", "/CN=localhost", "DNS:localhost") writes server.pem and
    server.key into the folder and returns their paths."""

    def __init__(self, folder, name="Test CA"):
        if shutil.which("openssl") is None:
            missing_peer("openssl")
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.file = folder + "/ca.pem"
        self.config = folder + "/ca.cnf"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CA_CONFIG.format(folder=folder))
        open(folder + "/index.txt", "w", encoding="ascii").close()
        for name_of_file in ("serial", "crlnumber"):
            with open(f"{folder}/{name_of_file}", "w", encoding="ascii") as file:
                file.write("1000\n")
        self.make_key("ca")
        self.openssl("req", "-x509", "-new", "-key", folder + "/ca.key", "-days", "30", "-out",
                     self.file, "-config", self.config, "-subj", f"/CN={name}",
                     "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"openssl {arguments}: {done.stderr}"
        return done.stdout

    def make_key(self, name):
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                     f"{self.folder}/{name}.key")

    def sign(self, name, subject, names="", days=(-1, 20)):
        """Valid from and to so many days from now."""
        base = f"{self.folder}/{name}"
        self.make_key(name)
        extra = ["-addext", f"subjectAltName={names}"] if names else []
        self.openssl("req", "-new", "-key", base + ".key", "-subj", subject, "-out", base + ".csr",
                     "-config", self.config, *extra)
        self.openssl("ca", "-batch", "-config", self.config, "-cert", self.file, "-keyfile",
                     self.folder + "/ca.key", "-in", base + ".csr", "-out", base + ".pem",
                     "-notext", "-startdate", stamp(days[0]), "-enddate", stamp(days[1]))
        return base + ".pem", base + ".key"

    def revoke(self, *certificates):
        """The list of those revoked, as a file."""
        for certificate in certificates:
            self.openssl("ca", "-config", self.config, "-cert", self.file, "-keyfile",
                         self.folder + "/ca.key", "-revoke", certificate)
        self.openssl("ca", "-config", self.config, "-cert", self.file, "-keyfile",
                     self.folder + "/ca.key", "-gencrl", "-out", self.folder + "/crl.pem")
        return self.folder + "/crl.pem"
