"""Prints what a model says, with Python's own libtorch: `predict.py MODEL QUESTIONS`, both sides of Chronode's test.

QUESTIONS is a JSON list of { "timestamps": [T], "vectors": [[D] x T], "at": ms }; printed is the card and one vector a question.
"""

import json
import sys

import torch

extra = {"chronode.json": ""}
model = torch.jit.load(sys.argv[1], _extra_files=extra)
card = json.loads(extra["chronode.json"])
scale_ms = card["time"]["scale_ms"]
answers = []
with open(sys.argv[2]) as file:
    questions = json.load(file)
for question in questions:
    times, now = question["timestamps"], question["timestamps"][-1]
    rows = [[(at - now) / scale_ms, *vector] for at, vector in zip(times, question["vectors"])]
    with torch.no_grad():
        answers.append(model(torch.tensor([rows]), torch.tensor([[(question["at"] - now) / scale_ms]]))[0].tolist())
print(json.dumps({"card": card, "answers": answers}))
