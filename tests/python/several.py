"""Runs the training script several times in one process: `several.py RUNS`, a JSON list of argument lists.

Printed is a JSON list of { "code", "stderr" }. Loading PyTorch takes seconds; this pays for it once.
"""

import contextlib
import io
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import train_neural_ode  # noqa: E402

ended = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["train_neural_ode.py", *words]
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = train_neural_ode.main()
        except SystemExit as stopped:
            code = stopped.code
    ended.append({"code": code, "stderr": said.getvalue()})
print(json.dumps(ended))
