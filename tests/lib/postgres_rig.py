"""A real PostgreSQL of its own: data in a temporary folder, a Unix socket and a free port, gone at the end.

`postgres_rig.py COMMAND...` runs a command with TOCSIN_TEST_DATABASE naming it. Python 3.11 standard library only.
"""

import glob
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from site_runner import wait_for  # noqa: E402

# Nothing here is to survive a power cut, and everything is to be quick.
SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "32MB", "max_connections": "200",
    "autovacuum": "off", "log_min_messages": "warning", "timezone": "UTC",
}  # fmt: skip


def programs():
    """The folder of the newest server, or None."""
    found = [folder for folder in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(os.path.join(folder, "initdb"))]
    return max(found, key=lambda folder: int(folder.split("/")[-2]), default=None)


class Postgres:
    """`with Postgres() as server:`; the server refuses root, so that it runs as the user postgres when we are root."""

    def __init__(self):
        self.bin = programs()
        self.folder = tempfile.mkdtemp(prefix="tocsin-postgres-")
        self.process = None
        self.password = secrets.token_hex(12)
        self.port = 5432  # of the socket's name; TCP is off unless listen() asks for it
        self.tcp = None

    def __enter__(self):
        if os.getuid() == 0:
            who = pwd.getpwnam("postgres")
            os.chown(self.folder, who.pw_uid, who.pw_gid)
        os.chmod(self.folder, 0o755)
        with open(self.path("password"), "w", encoding="ascii") as file:
            file.write(self.password + "\n")
        os.chmod(self.path("password"), 0o644)
        self.run("initdb", "-D", self.path("data"), "-U", "postgres", "--no-sync", "--locale=C", "--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256",
                 "--pwfile=" + self.path("password"))  # fmt: skip
        os.remove(self.path("password"))
        self.start()
        self.sql("CREATE ROLE tocsin_owner LOGIN; CREATE ROLE tocsin LOGIN")
        self.sql("CREATE DATABASE tocsin")
        return self

    def __exit__(self, *_):
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def as_server(self, *words):
        prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        return [*prefix, os.path.join(self.bin, words[0]), *words[1:]]

    def run(self, *words):
        done = subprocess.run(self.as_server(*words), capture_output=True, text=True, timeout=60, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]}: {done.stderr}")
        return done.stdout

    def start(self):
        words = ["postgres", "-D", self.path("data"), "-k", self.folder, "-p", str(self.port)]
        words += ["-c", f"listen_addresses={'127.0.0.1' if self.tcp else ''}"]
        for key, value in SETTINGS.items():
            words += ["-c", f"{key}={value}"]
        with open("/dev/null", "wb") as null:
            self.process = subprocess.Popen(self.as_server(*words), stdout=null, stderr=null, cwd="/")
        wait_for(lambda: subprocess.run([os.path.join(self.bin, "pg_isready"), "-q", "-h", self.folder, "-p", str(self.port)]).returncode == 0, 20, "PostgreSQL", 0.02)

    def stop(self, how="fast"):
        if self.process and self.process.poll() is None:
            self.process.send_signal({"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how])
            self.process.wait(20)

    def address(self, user="postgres", database="tocsin"):
        return f"host={self.folder} port={self.port} user={user} dbname={database}"

    def sql(self, text, database="postgres", user="postgres"):
        return ask(self.address(user, database), text)


def ask(address, text):
    """Rows as text, one a line, columns parted by |."""
    words = [os.path.join(programs(), "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", address]
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def new_database(server):
    """A database of its own on `server` (an address), as an administrator would make it: control's options for it."""
    name = "site_" + secrets.token_hex(4)
    ask(server, f"CREATE DATABASE {name} OWNER tocsin_owner")
    base = re.sub(r" (user|dbname)=\S+", "", server) + f" dbname={name}"
    return {"database.address": f"{base} user=tocsin", "database.owner": f"{base} user=tocsin_owner"}


def copy_database(options, source, target):
    """The database of new_database's options under another name, and back: both are suffixes of its name. Nobody may be using it."""
    base = re.sub(r" user=\S+", " user=postgres", options["database.address"])
    name = re.search(r"dbname=(\S+)", base).group(1)
    server = base.replace(f"dbname={name}", "dbname=postgres")
    ask(server, f"DROP DATABASE IF EXISTS {name}{target}")
    ask(server, f"CREATE DATABASE {name}{target} OWNER tocsin_owner TEMPLATE {name}{source}")


if __name__ == "__main__":
    if len(sys.argv) < 2 or not programs():
        sys.exit("usage: postgres_rig.py COMMAND...; needs PostgreSQL (Debian: postgresql-15)")
    with Postgres() as made:
        sys.exit(subprocess.call(sys.argv[1:], env={**os.environ, "TOCSIN_TEST_DATABASE": made.address()}))
