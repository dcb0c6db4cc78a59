"""Files are written whole or not at all, and never over another; the environment breaks nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attn_cli.arrays.writing import write_whole
from attn_cli.errors import AttnError, ImpossibleError
from tests.conftest import Attn

SAVE = ("compute", "--n", "2", "--quiet", "--save")


def test_of_parallel_saves_one_succeeds() -> None:
    """Twenty that write one file at once: one writes it, the others are refused."""
    start = threading.Barrier(20)
    told: list[str] = []

    def save(number: int) -> bool:
        def write(stream: object) -> None:
            start.wait()
            stream.write(b"%d" % number)  # type: ignore[attr-defined]

        try:
            write_whole(Path("one.txt"), write, force=False)
        except AttnError as error:
            told.append(str(error))
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        won = [number for number, ok in enumerate(pool.map(save, range(20))) if ok]
    assert len(won) == 1
    assert {*told} == {"one.txt exists already. Add force= to write over it."}
    assert Path("one.txt").read_text() == str(won[0])
    assert [path.name for path in Path().iterdir()] == ["one.txt"]


def test_a_dangling_link_is_kept(attn: Attn) -> None:
    """A link that leads nowhere is a file that exists; --force writes where it leads."""
    Path("link.npz").symlink_to("target.npz")
    ran = attn(*SAVE, "link.npz")
    assert ran.err.startswith("Error: link.npz exists already.")
    assert attn(*SAVE, "link.npz", "--force").status == 0
    assert Path("link.npz").is_symlink()
    assert Path("target.npz").is_file()


def test_force_keeps_permissions(attn: Attn) -> None:
    """--force leaves 0600 as it is."""
    Path("run.npz").write_text("old")
    Path("run.npz").chmod(0o600)
    assert attn(*SAVE, "run.npz", "--force").status == 0
    assert stat.S_IMODE(Path("run.npz").stat().st_mode) == 0o600


def test_force_writes_into_a_pipe(attn: Attn) -> None:
    """--force writes to a pipe and leaves it one."""
    os.mkfifo("pipe.txt")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe.txt").read_text()))
    reader.start()
    ran = attn("compute", "--n", "2", "--quiet", "--export", "pipe.txt", "--force")
    reader.join(10)
    assert ran.status == 0, ran.err
    assert "Scaled" in read[0]
    assert stat.S_ISFIFO(Path("pipe.txt").stat().st_mode)


def test_a_full_disk_names_the_file() -> None:
    """No space: the message names the file, and nothing is left of it."""

    def fail(stream: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(ImpossibleError, match=r"^run.npz: No space left on device\.$"):
        write_whole(Path("run.npz"), fail, force=False)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_no_half_written_file(number: signal.Signals) -> None:
    """A program that is ended while it writes cleans up, and says so by its status."""
    code = (
        "import signal, time\n"
        # whoever runs the tests may ignore it (nohup), which a program inherits
        f"signal.signal({int(number)}, signal.SIG_DFL)\n"
        "from pathlib import Path\n"
        "from attn_cli.cli import streams\n"
        "from attn_cli.arrays.writing import write_whole\n"
        "streams.prepare()\n"
        "def write(stream):\n"
        "    stream.write(b'x')\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(30)\n"
        "write_whole(Path('run.txt'), write, force=False)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"begun\n"
        begun = len(list(Path().iterdir()))
        running.send_signal(number)
        try:
            status = running.wait(20)
        finally:
            running.kill()
    assert (begun, status) == (1, 128 + number)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("columns", ["0", "99999999999", "²", "-1", "", "x"])
@pytest.mark.parametrize("command", [["compute", "--n", "2"], ["mask", "--causal", "--n", "3"]])
def test_odd_columns_break_nothing(shell: Attn, command: list[str], columns: str) -> None:
    """COLUMNS and LINES that are no sizes are passed over."""
    ran = shell(*command, COLUMNS=columns, LINES=columns)
    assert ran.status == 0, ran.err
    assert ran.out


@pytest.mark.parametrize("reader", ["head -1", "true"])
@pytest.mark.parametrize("options", ["", "--json", "--quiet", "--plain"])
def test_a_reader_that_leaves_is_no_error(reader: str, options: str) -> None:
    """A pipe that is closed early is exit 0 and no message."""
    attn = f"{sys.executable} -m attn_cli compute --n 200 --d 8 --all {options}"
    attn = attn.replace("--all", "") if options in ("--json", "--quiet") else attn
    line = f"set -o pipefail; {attn} | {reader}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_plot_without_its_extra_writes_nothing(attn: Attn, monkeypatch: pytest.MonkeyPatch) -> None:
    """--plot that can't be is refused before any file is written."""
    monkeypatch.setattr("attn_cli.views.curves.find_spec", lambda name: None)
    ran = attn("complexity", "--d", 4, "--sweep", "n=2:8", "--plot", "--save", "s.csv")
    assert ran.err == (
        "Error: --plot needs uniplot: pip install uniplot (the extra attn-cli[plot]).\n"
    )
    assert list(Path().iterdir()) == []
