"""Reads databases as the training script does: `stored.py LIST`, a JSON list of [path, collection].

Printed is a JSON list of { "trajectories": { entity: [[timestamp, vector], ...] } } or { "error" }. Loading PyTorch takes seconds; this pays for it once.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import train_neural_ode  # noqa: E402

read = []
for path, collection in json.loads(sys.argv[1]):
    try:
        observations = train_neural_ode.read_database(path, collection)
    except train_neural_ode.UserError as error:
        read.append({"error": str(error)})
        continue
    rows = list(zip(observations.times.tolist(), observations.vectors.tolist()))
    read.append({"trajectories": [rows[start:stop] for start, stop in observations.runs]})
print(json.dumps(read))
