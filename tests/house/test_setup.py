"""The scripts behind `make`, on this machine."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOLS = [
    *(
        "sh",
        "awk",
        "basename",
        "cat",
        "chmod",
        "dirname",
        "dpkg-query",
        "env",
        "find",
        "grep",
        "install",
        "mkdir",
        "rm",
    ),
    *("sed", "sort", "tail", "tr"),
]


def sh(root: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", *arguments],
        cwd=root,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def tools(folder: Path, user: int) -> Path:
    """A folder to be the PATH of a user."""
    folder.mkdir()
    for tool in TOOLS:
        place = shutil.which(tool)
        assert place is not None
        (folder / tool).symlink_to(place)
    program(folder, "id", f"echo {user}")
    return folder


@pytest.fixture
def guest(tmp_path: Path) -> str:
    """PATH of somebody who is not root and has no sudo."""
    return str(tools(tmp_path / "bin", 1000))


def test_nothing_is_said_or_done_when_every_package_is_there(root: Path, guest: str) -> None:
    done = sh(root, "setup/debian.sh", "setup/packages.txt", PATH=guest)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_package_may_have_another_name_here(root: Path, guest: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("depesche-none | dpkg  # its name on this release\n\n# a comment\n")
    assert sh(root, "setup/debian.sh", tmp_path / "list", PATH=guest).returncode == 0


def test_a_package_may_be_provided_by_another(root: Path, guest: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("awk\n")  # no package of this name: mawk or gawk provide it
    assert sh(root, "setup/debian.sh", tmp_path / "list", PATH=guest).returncode == 0


def test_somebody_without_rights_is_told_what_to_ask_for(root: Path, guest: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("dpkg\ndepesche-none | depesche-neither\n")
    done = sh(root, "setup/debian.sh", tmp_path / "list", PATH=guest)
    assert done.returncode == 1
    assert done.stderr.endswith("Have an administrator install: depesche-none|depesche-neither\n")


@pytest.fixture
def elsewhere(root: Path, tmp_path: Path) -> Path:
    """A copy of the scripts, without .venv."""
    shutil.copytree(root / "setup", tmp_path / "setup")
    return tmp_path


@dataclass(frozen=True)
class Machine:
    """A machine of the test's own: its files, what its users have on their PATH, and what was done to it."""

    root: Path
    bin: Path
    scripts: Path

    def sh(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return sh(self.scripts, *arguments, PATH=str(self.bin), MACHINE=str(self.root), LOG=str(self.root / "log"))

    @property
    def log(self) -> list[str]:
        log = self.root / "log"
        return log.read_text().splitlines() if log.exists() else []

    def has(self, path: str) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return place


APT_CACHE = 'case "$2" in newer-name|solo) ;; *) echo "N: No packages found" >&2; exit 100 ;; esac'
APT_GET = 'echo "apt-get $* $DEBIAN_FRONTEND" >>"$LOG"'


@pytest.fixture
def machine(elsewhere: Path, tmp_path: Path) -> Machine:
    """Root's, with an apt that has two packages."""
    made = Machine(tmp_path / "machine", tools(tmp_path / "bin", 0), elsewhere)
    made.root.mkdir()
    made.has("usr/sbin/policy-rc.d")
    program(made.bin, "apt-cache", APT_CACHE)
    program(made.bin, "apt-get", APT_GET)
    program(made.bin, "systemctl", 'echo "systemctl $*" >>"$LOG"')
    (elsewhere / "list").write_text("older-name | newer-name\ndpkg\nsolo\n")
    return made


UPDATE = "apt-get --yes --option DPkg::Lock::Timeout=300 update noninteractive"
INSTALL = (
    "apt-get --yes --option DPkg::Lock::Timeout=300 install --no-install-recommends newer-name solo noninteractive"
)


def test_what_is_missing_is_installed_under_the_name_that_this_release_has(machine: Machine) -> None:
    done = machine.sh("setup/debian.sh", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Reading Debian's package lists ...\nInstalling Debian packages: newer-name solo ...\n"
    assert machine.log == [UPDATE, INSTALL]


def test_somebody_with_sudo_installs_by_it(machine: Machine) -> None:
    program(machine.bin, "id", "echo 1000")
    program(machine.bin, "sudo", '[ "$1" = --non-interactive ] && shift; echo "sudo $1" >>"$LOG"; "$@"')
    program(machine.bin, "true", "exit 0")
    assert machine.sh("setup/debian.sh", "list").returncode == 0
    assert machine.log == ["sudo true", "sudo sh", UPDATE, "sudo sh", INSTALL]


def test_a_sudo_that_refuses_is_told_with_what_to_ask_for(machine: Machine) -> None:
    program(machine.bin, "id", "echo 1000")
    program(machine.bin, "sudo", "exit 1")
    done = machine.sh("setup/debian.sh", "list")
    assert done.returncode == 1
    assert "sudo does not let this user install them: older-name|newer-name solo" in done.stderr
    assert machine.log == []


def test_a_package_that_this_release_lacks_is_named(machine: Machine) -> None:
    (machine.scripts / "list").write_text("solo\nolder-name | oldest-name\n")
    done = machine.sh("setup/debian.sh", "list")
    assert done.returncode == 1
    assert "no package older-name|oldest-name here" in done.stderr
    assert machine.log == [UPDATE]


def test_an_installation_that_fails_is_shown(machine: Machine) -> None:
    program(machine.bin, "apt-get", '[ "${4}" = update ] || { echo "E: Unmet dependencies"; exit 100; }')
    done = machine.sh("setup/debian.sh", "list")
    assert done.returncode == 1
    assert "E: Unmet dependencies" in done.stderr
    assert not (machine.root / "usr/sbin/policy-rc.d").exists()


ASKS = 'code=0; "$MACHINE/usr/sbin/policy-rc.d" nginx start || code=$?; echo "policy $code" >>"$LOG"'


def test_what_is_installed_is_not_started(machine: Machine) -> None:
    program(machine.bin, "apt-get", ASKS)
    assert machine.sh("setup/apt.sh", "install", "nginx").returncode == 0
    assert machine.log == ["policy 101"]
    assert not (machine.root / "usr/sbin/policy-rc.d").exists()


def test_an_administrators_word_on_services_stands(machine: Machine) -> None:
    program(machine.root / "usr/sbin", "policy-rc.d", "exit 104")
    program(machine.bin, "apt-get", ASKS)
    assert machine.sh("setup/apt.sh", "install", "nginx").returncode == 0
    assert machine.log == ["policy 104"]
    assert (machine.root / "usr/sbin/policy-rc.d").exists()


def test_an_installation_that_was_killed_forbids_no_service_any_more(machine: Machine) -> None:
    policy = machine.root / "usr/sbin/policy-rc.d"
    program(machine.bin, "apt-get", "kill -KILL $PPID")
    assert machine.sh("setup/apt.sh", "install", "nginx").returncode != 0
    assert policy.exists()
    assert subprocess.run([policy, "nginx", "start"], check=False).returncode == 0
    program(machine.bin, "apt-get", ASKS)
    machine.sh("setup/apt.sh", "install", "nginx")
    assert machine.log == ["policy 101"]
    assert not policy.exists()


def test_what_is_installed_does_not_start_with_the_machine_either(machine: Machine) -> None:
    wants = "etc/systemd/system/multi-user.target.wants"
    machine.has(f"{wants}/cron.service").touch()
    program(machine.bin, "apt-get", f': >"$MACHINE/{wants}/nginx.service"')
    assert machine.sh("setup/apt.sh", "install", "nginx").returncode == 0
    assert machine.log == ["systemctl disable nginx.service"]


APT_GET_ELSEWHERE = """case "$*" in
    indextargets*) echo "Debian Debian http://mirror.example/debian/" ;;
    *install*) echo install >>"$LOG"; touch "$(pwd)/.build/asterisk.new/cache/archives/asterisk.deb" ;;
    *) echo update >>"$LOG" ;;
esac"""
DPKG_DEB = 'mkdir -p "$3/usr/sbin" && touch "$3/usr/sbin/asterisk"'


@pytest.fixture
def bare(machine: Machine) -> Machine:
    """One whose release has no Asterisk."""
    for tool in ("flock", "ln", "mv", "sha256sum", "touch"):
        (machine.bin / tool).symlink_to(str(shutil.which(tool)))
    program(machine.bin, "apt-cache", "true")
    program(machine.bin, "apt-get", APT_GET_ELSEWHERE)
    program(machine.bin, "dpkg-deb", DPKG_DEB)
    return machine


def test_asterisk_comes_from_sid_where_the_release_lacks_it_and_only_once(bare: Machine) -> None:
    place = bare.scripts / ".build/asterisk"
    assert bare.sh("setup/asterisk.sh").returncode == 0
    assert (place / "usr/sbin/asterisk").exists()
    assert re.fullmatch(r"deb (\[.*\] )?http://mirror\.example/debian/ sid main\n", (place / "sources").read_text())
    again = bare.sh("setup/asterisk.sh")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert bare.log == ["update", "install"]


def test_asterisk_comes_from_the_release_that_has_it(bare: Machine) -> None:
    program(bare.bin, "apt-cache", "echo asterisk")
    assert bare.sh("setup/asterisk.sh").returncode == 0
    assert not (bare.scripts / ".build/asterisk/sources").exists()


def test_an_asterisk_that_came_in_part_is_none_and_is_fetched_anew(bare: Machine) -> None:
    place = bare.scripts / ".build/asterisk"
    program(bare.bin, "dpkg-deb", "echo broken; exit 2")
    done = bare.sh("setup/asterisk.sh")
    assert done.returncode == 1
    assert "broken" in done.stderr
    assert not place.exists()
    program(bare.bin, "dpkg-deb", DPKG_DEB)
    assert bare.sh("setup/asterisk.sh").returncode == 0
    assert (place / "usr/sbin/asterisk").exists()


@pytest.fixture
def restricted(machine: Machine) -> Machine:
    """A user's with sudo, on which AppArmor lets only root make namespaces: Ubuntu 24.04 as it comes."""
    machine.has("proc/sys/kernel/apparmor_restrict_unprivileged_userns").write_text("1\n")
    machine.has("etc/apparmor.d/bwrap")
    program(machine.bin, "id", "echo 1000")
    program(machine.bin, "true", "exit 0")
    program(machine.bin, "sudo", '[ "$1" = --non-interactive ] && shift; exec "$@"')
    program(machine.bin, "apparmor_parser", 'echo "apparmor_parser $*" >>"$LOG"')
    program(machine.bin, "bwrap", "echo bwrap: setting up uid map: Permission denied >&2; exit 1")
    return machine


def test_where_apparmor_forbids_namespaces_bubblewrap_gets_a_profile_and_it_is_said(restricted: Machine) -> None:
    done = restricted.sh("setup/apparmor.sh")
    profile = restricted.root / "etc/apparmor.d/bwrap"
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"AppArmor .*{profile} \(undo: docs/howto/operate\.md\) \.\.\.\n", done.stdout)
    assert restricted.log == [f"apparmor_parser --replace {profile}"]
    assert "profile bwrap /usr/bin/bwrap flags=(unconfined) {\n  userns,\n" in profile.read_text()
    assert restricted.sh("setup/apparmor.sh").stdout == ""


def untouched(machine: Machine) -> bool:
    done = machine.sh("setup/apparmor.sh")
    return (done.returncode, done.stdout, done.stderr, machine.log) == (0, "", "", [])


def test_a_profile_that_is_there_is_left_as_it_is(restricted: Machine) -> None:
    profile = restricted.has("etc/apparmor.d/bwrap")
    profile.write_text("an administrator's\n")
    assert untouched(restricted)
    assert profile.read_text() == "an administrator's\n"


def test_where_bubblewrap_works_all_the_same_nothing_is_done(restricted: Machine) -> None:
    program(restricted.bin, "bwrap", "exit 0")
    assert untouched(restricted)


def test_where_nothing_is_restricted_nothing_is_done(restricted: Machine) -> None:
    restriction = restricted.has("proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    restriction.write_text("0\n")
    assert untouched(restricted)
    restriction.unlink()
    assert untouched(restricted)


@pytest.mark.parametrize("refusing", ["sudo", "apparmor_parser"])
def test_where_no_profile_can_be_loaded_that_is_said_and_all_goes_on(restricted: Machine, refusing: str) -> None:
    program(restricted.bin, refusing, "exit 1")
    done = restricted.sh("setup/apparmor.sh")
    assert done.returncode == 0
    assert done.stdout.endswith("Documents will be converted with limits only, outside the sandbox.\n")
    assert not (restricted.root / "etc/apparmor.d/bwrap").exists()


def test_a_python_that_is_not_there_is_named(elsewhere: Path) -> None:
    done = sh(elsewhere, "setup/venv.sh", "requirements/run.lock", PYTHON="python2.99")
    assert done.returncode == 1
    assert "there is no python2.99 here" in done.stderr


def test_a_python_that_is_too_old_is_named_with_its_version(elsewhere: Path) -> None:
    old = elsewhere / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\n')
    old.chmod(0o755)
    done = sh(elsewhere, "setup/venv.sh", "requirements/run.lock", PYTHON=str(old))
    assert done.returncode == 1
    assert f"Python 3.11 or newer is needed; {old} is Python 3.9.2" in done.stderr


def test_what_failed_is_shown_and_where_to_read_on(elsewhere: Path) -> None:
    script = '. setup/say.sh; quietly "Reading" sh -c "echo torn page; exit 3"'
    done = sh(elsewhere, "-c", script)
    assert done.returncode == 1
    assert done.stdout == "Reading ...\n"
    assert "torn page" in done.stderr
    assert ".build/setup.log" in done.stderr
    assert "torn page" in (elsewhere / ".build/setup.log").read_text()
