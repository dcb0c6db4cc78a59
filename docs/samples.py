"""Train the samples again that are inside the package: python -m docs.samples."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from attn_cli.arrays.arguments import SETTINGS
from attn_cli.data.samples import SAMPLES, Sample

FOLDER = Path(__file__).parents[1] / "attn_cli" / "data" / "samples"
DECIMALS = 4


def trained(sample: Sample) -> dict[str, Any]:
    """What its command saves: inputs to four decimals, mode and words."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.npz"
        words = shlex.split(sample.made)[1:]
        command = [sys.executable, "-m", "attn_cli", *words, "--save", str(file)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with np.load(file) as run:
            settings = json.loads(str(run[SETTINGS]))
            arrays = {name: run[name].round(DECIMALS).tolist() for name in settings["inputs"]}
    kept = {name: settings[name] for name in ("mode", "labels", "inputs")}
    return {"made": sample.made, "settings": {**kept, "digests": {}}, "arrays": arrays}


def written(document: dict[str, Any]) -> str:
    """The document with a line for each row of numbers."""
    arrays = ",\n".join(
        f'    "{name}": [\n' + ",\n".join(f"      {json.dumps(row)}" for row in rows) + "\n    ]"
        for name, rows in document["arrays"].items()
    )
    head = json.dumps({name: document[name] for name in ("made", "settings")}, ensure_ascii=False)
    return f'{head[:-1]},\n  "arrays": {{\n{arrays}\n  }}}}\n'


if __name__ == "__main__":
    for one in SAMPLES:
        text = written(trained(one))
        json.loads(text)
        (FOLDER / f"{one.name}.json").write_text(text, encoding="utf-8")
