"""What is released: both archives are built, and the wheel works where nothing else is."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

from docs.man import PAGE, man_page

ROOT = Path(__file__).parent.parent


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program without what this environment has."""
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=False)


def test_the_manual_page_is_made_from_the_options() -> None:
    """attn.1 is what `python -m docs.man` writes: every command and every option."""
    assert PAGE.read_text(encoding="utf-8") == man_page()


def test_archives_are_whole_and_the_wheel_runs_alone(tmp_path: Path) -> None:
    """Wheel and sdist hold texts and the manual; in an empty environment the commands run."""
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path, ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,), (sdist,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "docs/attn.1", "attn_cli/topics/zh/steps.json"} <= names
    venv.create(tmp_path / "empty", with_pip=True)
    place = tmp_path / "empty" / "bin"
    installed = run(place / "python", "-m", "pip", "install", "--quiet", wheel)
    if installed.returncode and "No matching distribution" in installed.stderr:
        pytest.skip("no package index can be reached")
    assert installed.returncode == 0, installed.stderr
    assert (tmp_path / "empty" / "share" / "man" / "man1" / "attn.1").exists()
    ran = run(
        place / "attn", "compute", "--q", "1 0", "--k", "1 0; 0 1", "--v", "1 2; 3 4", "--quiet"
    )
    assert ran.stdout.startswith("1.66")
    assert run(place / "attn", "explain", "--lang", "zh", "masks").returncode == 0
    assert run(place / "attn", "complexity", "--n", "8", "--d", "4").returncode == 0
    assert "attn" in run(place / "attn", "--show-completion", "bash").stdout
