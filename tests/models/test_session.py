"""Networks are opened without a word to anybody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import vpd

NETWORK = min((Path(vpd.__file__).parent / "models").glob("*.onnx"))
WORK = {
    "open": "from pathlib import Path; from vpd.models.session import open_session; "
    f"open_session(Path({str(NETWORK)!r}))",
    "doctor": "import sys; sys.argv = ['vpd', 'doctor']; from vpd.cli.main import main; main()",
}


@pytest.mark.skipif(sys.platform == "win32", reason="onnxruntime's telemetry of Windows is not in files")
@pytest.mark.parametrize("work", WORK)
def test_onnxruntime_tells_its_makers_nothing(tmp_path, work):
    """Its telemetry, on by default from 1.29 on, keeps what it will send, and an id of the computer, in the
    home.
    """
    silent = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "XDG_CACHE_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in silent}
    code = [sys.executable, "-c", WORK[work]]
    done = subprocess.run(
        code, env={**kept, "HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [
        path for path in tmp_path.rglob("*") if "icrosoft" in str(path) or "onnxruntime" in path.name
    ] == []
