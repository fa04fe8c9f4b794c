#!/usr/bin/env python3
"""Trains a predictor for Chronode, a latent neural ODE, and writes it as TorchScript with a model card.

    python3 scripts/train_neural_ode.py --database app.db --collection words --horizons 1y,5y,10y --out words.pt

Needs PyTorch (1.13 or later) and nothing else. It learns from observations before a first date, stops by those before a
second one, and prints how far it was off on what came after, beside repeating the last vector and the line through the last
two. `--help` says the rest; docs/model-contract.md says what Chronode asks of a model.
"""

import argparse
import contextlib
import csv
import gzip
import io
import json
import math
import os
import re
import sqlite3
import struct
import sys
import time
import warnings
import zipfile
import zlib
from array import array
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Dict, List, Optional, Tuple, Union
from urllib.parse import quote

import torch
from torch import Tensor, nn

ARCHITECTURE = "gru-latent-ode/1"
CASES_MAX = 5000
NO_PAYLOAD = 0xFFFFFFFF
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SPAN_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_557_600_000}


class UserError(Exception):
    """What the person who called the script can mend."""


# --- the model: what is exported ---------------------------------------------------------------------------------------


class LatentOde(nn.Module):
    """Where a vector will be: its last value, drawn towards its own past by a latent state that moves.

    A GRU reads the context; its last state starts z. With c the change since the last value and a_k what separates the last
    value from each of five anchors (exponential means of the context over four spans of time, and the mean of all data):

        c(0) = sum_k gate_k(z) a_k,    dz/ds = f(z, s),    dc/ds = sum_k rate_k(z) (a_k - c) + W z,    s = 0 .. target

    by the classical Runge-Kutta method. gate, rate and W start at zero: untrained, the answer is the last value, exactly.
    """

    def __init__(self, dimension: int, hidden: int, steps: int):
        super().__init__()
        self.dimension, self.hidden, self.steps = dimension, hidden, steps
        self.anchors = 5
        self.register_buffer("mean", torch.zeros(dimension))
        self.register_buffer("scale", torch.ones(dimension))
        # In units of the longest horizon, as all times here.
        self.log_span = nn.Parameter(torch.tensor([0.1, 0.3, 1.0, 4.0]).log())
        self.encoder = nn.GRU(dimension + 4, hidden, batch_first=True)
        self.start = nn.Linear(hidden + 3, hidden)
        self.field_in = nn.Linear(hidden + 1, 2 * hidden)
        self.field_out = nn.Linear(2 * hidden, hidden)
        self.gate = nn.Linear(hidden, self.anchors)
        self.rate = nn.Linear(hidden, self.anchors)
        self.free = nn.Linear(hidden, dimension)
        nn.init.normal_(self.field_out.weight, std=0.05)
        for head in (self.gate, self.rate, self.free):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(self, trajectory: Tensor, target_t: Tensor) -> Tensor:
        """trajectory [B, T, D + 1] with (t - t_last) / scale_ms in column 0, target_t [B, 1] in the same unit -> [B, D]."""
        times = trajectory[:, :, 0]
        vectors = (trajectory[:, :, 1:] - self.mean) / self.scale
        last = vectors[:, -1]
        anchors = self.anchors_of(times, vectors)
        z = self.encode(times, vectors, anchors)
        away = anchors - last.unsqueeze(1)
        change = (self.gate(z).unsqueeze(2) * away).sum(1)
        # Nothing is known of more than twice the longest horizon seen in training: there the clock stops.
        change = self.integrate(z, change, away, target_t.clamp(0.0, 2.0))
        return trajectory[:, -1, 1:] + change * self.scale

    def anchors_of(self, times: Tensor, vectors: Tensor) -> Tensor:
        """[B, 5, D]: exponential means of the context, and the mean of all data, which is 0 here."""
        weights = torch.softmax(times.unsqueeze(1) / self.log_span.exp().view(1, -1, 1), dim=2)
        return torch.cat([weights @ vectors, torch.zeros_like(vectors[:, :1])], dim=1)

    def encode(self, times: Tensor, vectors: Tensor, anchors: Tensor) -> Tensor:
        """[B, hidden], within -1 .. 1."""
        gap = torch.zeros_like(times)
        gap[:, 1:] = times[:, 1:] - times[:, :-1]
        step = torch.zeros_like(vectors)
        step[:, 1:] = vectors[:, 1:] - vectors[:, :-1]
        roughness = size(step)
        inputs = torch.stack([torch.log1p(10.0 * gap), times.clamp(-20.0, 0.0), roughness, size(vectors - anchors[:, 3:4])], dim=2)
        states, _ = self.encoder(torch.cat([inputs, vectors], dim=2))
        count = torch.full_like(times[:, 0], math.log(float(times.size(1))))
        summary = torch.stack([count, roughness.mean(1), size(anchors[:, 3] - vectors[:, -1])], dim=1)
        return torch.tanh(self.start(torch.cat([states[:, -1], summary], dim=1)))

    def integrate(self, z: Tensor, change: Tensor, away: Tensor, until: Tensor) -> Tensor:
        """Every item of the batch to its own time. Source: Kutta (1901), Z. Math. Phys. 46, 435-453."""
        h = until / self.steps
        s = torch.zeros_like(until)
        y = torch.cat([z, change], dim=1)
        for _ in range(self.steps):
            k1 = self.field(s, y, away)
            k2 = self.field(s + h / 2, y + h / 2 * k1, away)
            k3 = self.field(s + h / 2, y + h / 2 * k2, away)
            k4 = self.field(s + h, y + h * k3, away)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            s = s + h
        return y[:, self.hidden :]

    def field(self, s: Tensor, y: Tensor, away: Tensor) -> Tensor:
        z, change = y[:, : self.hidden], y[:, self.hidden :]
        dz = self.field_out(torch.tanh(self.field_in(torch.cat([z, s], dim=1))))
        # Bounded, so that rate * h stays where the method is stable.
        rate = self.steps * torch.tanh(self.rate(z) / self.steps) / self.anchors
        pull = (rate.unsqueeze(2) * (away - change.unsqueeze(1))).sum(1)
        return torch.cat([dz, pull + self.free(z)], dim=1)


def size(vectors: Tensor) -> Tensor:
    """How long the vectors of the last dimension are, on a scale on which a network can read it."""
    return ((vectors * vectors).mean(-1) + 1e-3).log()


class MeanOf(nn.Module):
    """The mean of models that differ by their seed."""

    def __init__(self, members: List[nn.Module]):
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, trajectory: Tensor, target_t: Tensor) -> Tensor:
        last = trajectory[:, -1, 1:]
        change = torch.zeros_like(last)
        for member in self.members:
            change = change + (member(trajectory, target_t) - last)
        return last + change / len(self.members)


# --- observations -------------------------------------------------------------------------------------------------------


class Observations:
    """All trajectories one after another: times [N] in ms as double, vectors [N, D], `runs` (start, stop) of each entity."""

    def __init__(self, rows: Dict[str, Dict[float, bytes]], source: str):
        ordered = [(entity, at, rows[entity][at]) for entity in sorted(rows) for at in sorted(rows[entity])]
        if not ordered:
            raise UserError(f"{source} holds no observations. Insert some first.")
        widths = sorted({len(vector) // 4 for _, _, vector in ordered})
        if len(widths) != 1:
            raise UserError(f"{source} holds vectors of {' and '.join(map(str, widths))} numbers. Expected one length.")
        self.times = torch.tensor([at for _, at, _ in ordered], dtype=torch.float64)
        self.vectors = torch.frombuffer(bytearray(b"".join(vector for _, _, vector in ordered)), dtype=torch.float32).view(-1, widths[0])
        if not bool(torch.isfinite(self.vectors).all()):
            entity, at, _ = ordered[int((~torch.isfinite(self.vectors).all(1)).nonzero()[0])]
            raise UserError(f"{source}: the vector of {entity!r} at {iso(at)} is not finite. Mend or remove it.")
        sizes = torch.tensor([len(rows[entity]) for entity in sorted(rows)])
        ends = sizes.cumsum(0)
        self.runs = list(zip((ends - sizes).tolist(), ends.tolist()))
        self.first = (ends - sizes).repeat_interleave(sizes)
        gaps = (self.times[1:] - self.times[:-1])[self.first[1:] == self.first[:-1]]
        self.gap_ms = float(gaps.median()) if len(gaps) else 0.0

    @property
    def dimension(self) -> int:
        return self.vectors.shape[1]

    def windows(self, origins: Tensor, targets: Tensor, length: int, scale_ms: float) -> Tuple[Tensor, Tensor, Tensor]:
        """Contexts of one length ending at the origins: trajectory [B, T, D + 1], target_t [B, 1], and the truth [B, D]."""
        rows = origins.unsqueeze(1) + torch.arange(1 - length, 1)
        now = self.times[origins].unsqueeze(1)
        times = ((self.times[rows] - now) / scale_ms).float()  # narrowed only after the difference was taken
        trajectory = torch.cat([times.unsqueeze(2), self.vectors[rows]], dim=2)
        return trajectory, ((self.times[targets].unsqueeze(1) - now) / scale_ms).float(), self.vectors[targets]


# --- a Chronode database: docs/storage-format.md ------------------------------------------------------------------------


def read_database(path: str, collection: str) -> Observations:
    """Opened read-only. SQLite lets the app that owns the file go on writing."""
    if not os.path.isfile(path):
        raise UserError(f"There is no database file {path}.")
    try:
        database = sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro", uri=True, isolation_level=None)
        with contextlib.closing(database):
            database.execute("BEGIN")  # all that is read is of one moment
            return Observations(StoredCollection(database, path, collection).trajectories(), f"collection {collection!r}")
    except sqlite3.Error as error:
        raise UserError(f"{path} is not a Chronode database that SQLite {sqlite3.sqlite_version} can read: {error}.") from error
    except (TypeError, ValueError, struct.error) as error:  # a value of another type than its column
        raise UserError(f"{path} is damaged: {error}. `chronode verify` names all that is.") from error


class StoredEntity:
    """Where the observations of an entity lie: a row of its table, once it is known to be whole."""

    def __init__(self, collection: int, row: Tuple):
        self.key, self.id, attributes, settled, first, last, generation, checksum, self.packed_count, shadowed, self.settled_strip = row
        self.owner = crc(0, collection, self.id)
        text = self.id if attributes is None else f"{self.id}\0{attributes}"
        expected = crc(0, collection, self.key, settled, first, last, generation, text)
        if self.packed_count or self.settled_strip:
            expected = crc(expected, self.packed_count, shadowed, self.settled_strip)
        check(expected == checksum, f"entity {self.id!r}")
        self.row_count = settled - self.packed_count + shadowed

    def observation(self, at: float, recorded_at: float, vector: bytes, payload: Union[str, bytes, None], checksum: int):
        """(at, vector), where the checksum says that they are whole, and this entity's."""
        expected = crc(self.owner, at, recorded_at, vector, payload or b"")
        check(expected == checksum, f"the observation of {self.id!r} at {iso(at)}")
        return at, vector


class StoredCollection:
    """Reads the trajectories of a collection, and verifies whatever it reads."""

    def __init__(self, database: sqlite3.Connection, path: str, name: str):
        self.database, self.name = database, name
        self.schema = database.execute("SELECT max(number) FROM chronode_migration").fetchone()[0]
        if self.schema not in (1, 2):
            raise UserError(f"{path} has schema {self.schema}; this script reads 1 and 2. Use the script of the Chronode that wrote it.")
        names = [row[0] for row in database.execute("SELECT name FROM chronode_collection ORDER BY name")]
        if name not in names:
            raise UserError(f"{path} has no collection {name!r}. It has: {', '.join(names) or 'none'}.")
        columns = "key, dimension, normalized, observation_count, entity_count, generation, metric, encoding, checksum"
        (row,) = self.rows(f"SELECT {columns}, {self.since_2('strip_count')} FROM chronode_collection WHERE name = ?", name)
        self.key, self.dimension, normalized, self.count, self.entity_count, generation, metric, encoding, checksum, self.strip_count = row
        expected = crc(0, self.key, self.dimension, normalized, self.count, self.entity_count, generation, f"{metric}\0{encoding}\0{name}")
        if self.strip_count:
            expected = crc(expected, self.strip_count)
        check(expected == checksum, f"collection {name!r}")
        columns = "key, id, attributes, observation_count, first_timestamp, last_timestamp, generation, checksum"
        later = self.since_2("packed_count, shadowed_count, settled_strip")
        entities = self.rows(f"SELECT {columns}, {later} FROM chronode_entity WHERE collection = ?", self.key)
        self.entities = {entity.key: entity for entity in (StoredEntity(self.key, row) for row in entities)}

    def rows(self, sql: str, *parameters):
        return self.database.execute(sql, parameters)

    def since_2(self, columns: str) -> str:
        """What stands in the place of columns in a file that does not have them yet."""
        return columns if self.schema >= 2 else re.sub(r"\w+", "0", columns)

    def trajectories(self) -> Dict[str, Dict[float, bytes]]:
        """What comes later stands in front: of two vectors at one moment a row has the newer one, and strips are newer than all else."""
        found: Dict[int, Dict[float, bytes]] = {key: {} for key in self.entities}
        packed, rows = Counter(), Counter()
        for key, observations in self.segments():
            found[key].update(observations)
            packed[key] += len(observations)
        for key, at, vector in self.tail():
            found[key][at] = vector
            rows[key] += 1
        for key, entity in self.entities.items():
            check_count(packed[key], entity.packed_count, f"entity {entity.id!r}", "packed observations")
            check_count(rows[key], entity.row_count, f"entity {entity.id!r}", "observations in rows")
        for key, at, vector in self.strips() if self.schema >= 2 else ():
            found[key][at] = vector
        check_count(len(self.entities), self.entity_count, f"collection {self.name!r}", "entities")
        check_count(sum(map(len, found.values())), self.count, f"collection {self.name!r}", "observations")
        return {self.entities[key].id: observations for key, observations in found.items() if observations}

    def segments(self):
        columns = "s.entity, s.encoding, s.format, s.data, s.checksum"
        joined = "FROM chronode_segment s JOIN chronode_entity e ON e.key = s.entity WHERE e.collection = ?"
        for key, encoding, version, data, checksum in self.rows(f"SELECT {columns} {joined}", self.key):
            what = f"a segment of {self.entities[key].id!r}"
            if (encoding, version) != ("float32", 1):
                raise UserError(f"{what} is {encoding}, format {version}; this script reads float32, format 1. Export it and use --file.")
            check(crc(self.entities[key].owner, data) == checksum, what)
            count, _, flags, _ = struct.unpack_from("<4I", data)
            times = struct.unpack_from(f"<{count}d", data, 16)
            start = 16 + 8 * (count + (count if flags & 1 else 1))
            yield key, list(zip(times, self.vectors(data, start, count)))

    def tail(self):
        columns = "o.entity, o.timestamp, o.recorded_at, o.vector, o.payload, o.checksum"
        joined = "FROM chronode_observation o JOIN chronode_entity e ON e.key = o.entity WHERE e.collection = ?"
        for key, *row in self.rows(f"SELECT {columns} {joined}", self.key):
            yield (key, *self.entities[key].observation(*row))

    def strips(self):
        columns = "key, generation, recorded_at, observation_count, entries, data, checksum"
        found = 0
        for strip, generation, recorded_at, count, entries, data, checksum in self.rows(
            f"SELECT {columns} FROM chronode_strip WHERE collection = ? ORDER BY key", self.key
        ):
            check(crc(0, self.key, generation, recorded_at, count, entries) == checksum, f"a strip of {self.name!r}")
            keys, times = struct.unpack_from(f"<{count}d", entries), struct.unpack_from(f"<{count}d", entries, 8 * count)
            numbers = struct.unpack_from(f"<{2 * count}I", entries, 16 * count)
            found += 1
            text = 4 * self.dimension * count
            for key, at, vector, own, length in zip(keys, times, self.vectors(data, 0, count), numbers, numbers[count:]):
                payload = None if length == NO_PAYLOAD else data[text : text + length]
                text += len(payload or b"")
                entity = self.entities.get(key)
                if entity is not None and strip > entity.settled_strip:
                    yield (entity.key, *entity.observation(at, recorded_at, vector, payload, own))
        check_count(found, self.strip_count, f"collection {self.name!r}", "strips")

    def vectors(self, data: bytes, start: int, count: int) -> List[bytes]:
        size = 4 * self.dimension
        return [data[start + size * i : start + size * (i + 1)] for i in range(count)]


def crc(start: int, *parts) -> int:
    """CRC-32 of bytes, of text, and of numbers as doubles; what is absent is NaN."""
    for part in parts:
        if isinstance(part, str):
            part = part.encode()
        elif not isinstance(part, bytes):
            part = struct.pack("<d", math.nan if part is None else part)
        start = zlib.crc32(part, start)
    return start


def check(is_whole: bool, what: str) -> None:
    if not is_whole:
        raise UserError(f"{what} does not match its checksum. `chronode verify` names all that is damaged; restore it from a backup.")


def check_count(found: int, said: int, what: str, things: str) -> None:
    if found != said:
        raise UserError(f"{what} should have {said} {things}, and {found} were found. `chronode verify` names all that is damaged.")


# --- a file -------------------------------------------------------------------------------------------------------------


def read_file(path: str) -> Observations:
    """CSV with the columns entity, timestamp, v0 .. vN, or a JSON object {entity, timestamp, vector} a line; gzip by `.gz`."""
    kind = re.search(r"\.(csv|jsonl)(\.gz)?$", path)
    if kind is None:
        raise UserError(f"Expected a file named .csv, .csv.gz, .jsonl or .jsonl.gz, not {path}.")
    rows: Dict[str, Dict[float, bytes]] = {}
    number = 0
    try:
        with (gzip.open if kind.group(2) else open)(path, "rt", encoding="utf-8", newline="") as text:
            for entity, timestamp, vector in csv_records(text) if kind.group(1) == "csv" else json_records(text):
                rows.setdefault(entity, {})[to_ms(timestamp)] = array("f", vector).tobytes()
                number += 1
    except (OSError, ValueError, KeyError, TypeError, EOFError, OverflowError) as error:
        raise UserError(f"{path}, record {number + 1}: {type(error).__name__}: {error}.") from error
    return Observations(rows, path)


def csv_records(text):
    reader = csv.reader(text)
    header = next(reader, [])
    if header[:2] not in (["entity", "timestamp"], ["entity_id", "timestamp"]) or len(header) < 3:
        raise ValueError(f"expected the columns entity,timestamp,v0,...; the header is {','.join(header[:4])}")
    for row in reader:
        if len(row) != len(header):
            raise ValueError(f"expected {len(header)} cells, met {len(row)}")
        yield row[0], row[1], [float(cell) for cell in row[2:]]


def json_records(text):
    for record in map(json.loads, filter(str.strip, text)):
        yield str(record["entity"]), record["timestamp"], [float(value) for value in record["vector"]]


def to_ms(timestamp) -> float:
    """Epoch milliseconds from a number or ISO-8601 text; a date is its start in UTC, and four digits are a year."""
    if not isinstance(timestamp, str) or re.fullmatch(r"-?\d+(\.\d+)?", timestamp) and not re.fullmatch(r"\d{4}", timestamp):
        return float(timestamp)
    padded = timestamp + {4: "-01-01", 7: "-01"}.get(len(timestamp), "")
    moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", padded))
    if moment.tzinfo is None:
        if len(padded) > 10:
            raise ValueError(f"{timestamp!r} does not say its time zone; add Z for UTC")
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - EPOCH) / timedelta(milliseconds=1)


def iso(ms: float) -> str:
    try:
        return (EPOCH + timedelta(milliseconds=ms)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return f"{ms:.0f} ms"


# --- cases: what is asked in training and after it ----------------------------------------------------------------------


def cases_at(observations: Observations, horizon_ms: float, start_ms: float, end_ms: float) -> Tuple[Tensor, Tensor]:
    """Origins and targets: of each origin the observation nearest to origin + horizon, within a twentieth or half a usual gap."""
    origins, targets = [], []
    tolerance_ms = max(horizon_ms / 20, observations.gap_ms / 2)
    for start, stop in observations.runs:
        own = observations.times[start:stop]
        right = torch.searchsorted(own, own + horizon_ms).clamp(max=stop - start - 1)
        left = (right - 1).clamp(min=0)
        nearest = torch.where((own[right] - own - horizon_ms).abs() < (own[left] - own - horizon_ms).abs(), right, left)
        at = own[nearest]
        fits = ((at - own - horizon_ms).abs() <= tolerance_ms) & (at > own) & (at >= start_ms) & (at < end_ms)
        origins.append(fits.nonzero()[:, 0] + start)
        targets.append(nearest[fits] + start)
    return torch.cat(origins), torch.cat(targets)


class Sampler:
    """Random windows to learn from: any origin, any later observation within the longest horizon and before `end_ms`."""

    def __init__(self, observations: Observations, horizon_max_ms: float, end_ms: float, context: int):
        limit = torch.minimum(observations.times + horizon_max_ms * 1.001, torch.tensor(end_ms, dtype=torch.float64))
        self.observations, self.scale_ms = observations, horizon_max_ms
        self.furthest = torch.empty_like(observations.first)
        for start, stop in observations.runs:
            own = observations.times[start:stop]
            self.furthest[start:stop] = start + torch.searchsorted(own, limit[start:stop]) - 1
        self.origins = (self.furthest > torch.arange(len(self.furthest))).nonzero()[:, 0]
        self.available = (self.origins - observations.first[self.origins] + 1).clamp(max=context)

    def draw(self, count: int) -> Tuple[Tensor, Tensor, Tensor]:
        """Windows of one length: mostly that of a random origin's whole context, sometimes shorter."""
        length = int(self.available[torch.randint(len(self.available), (1,))])
        if float(torch.rand(1)) < 0.3:
            length = int(torch.randint(1, length + 1, (1,)))
        fitting = self.origins[self.available >= length]
        origins = fitting[torch.randint(len(fitting), (count,))]
        ahead = (torch.rand(count) * (self.furthest[origins] - origins)).long() + 1
        return self.observations.windows(origins, origins + ahead, length, self.scale_ms)


class Horizon:
    """What is asked at one horizon, as windows of equal length; of more than `CASES_MAX` cases an even choice."""

    def __init__(self, label: str, observations: Observations, start_ms: float, end_ms: float, context: int, scale_ms: float):
        self.label, self.ms = label, span_ms(label)
        self.observations, self.scale_ms = observations, scale_ms
        origins, targets = cases_at(observations, self.ms, start_ms, end_ms)
        every = max(1, math.ceil(len(origins) / CASES_MAX))
        origins, targets = origins[::every], targets[::every]
        lengths = (origins - observations.first[origins] + 1).clamp(max=context)
        self.pieces = [
            (int(length), origins[rows], targets[rows])
            for length in lengths.unique()
            for rows in (lengths == length).nonzero()[:, 0].split(1024)
        ]
        self.count = len(origins)

    def error(self, predict) -> float:
        """Mean square over cases and dimensions, in the units of the data, as BACKTEST prints it."""
        total = 0.0
        with torch.no_grad():
            for length, origins, targets in self.pieces:
                trajectory, target_t, truth = self.observations.windows(origins, targets, length, self.scale_ms)
                total += float(((predict(trajectory, target_t) - truth) ** 2).mean(1).sum())
        return total / max(1, self.count)


class Plan:
    """What is learned from (targets before one date), what says when to stop (before another), and what is held out."""

    def __init__(self, observations: Observations, options):
        if observations.gap_ms == 0:
            raise UserError("No entity has two observations, so there is no change to learn. Insert more.")
        self.observations = observations
        labels = options.horizons.split(",") if options.horizons else [f"{round(gaps * observations.gap_ms)}ms" for gaps in (1, 3, 10)]
        self.horizon_max_ms = span_ms(options.horizon_max) if options.horizon_max else max(map(span_ms, labels))
        self.validation_ms = moment_of(options.validation_from, observations, 0.70)
        self.test_ms = moment_of(options.test_from, observations, 0.85)
        if not self.validation_ms < self.test_ms:
            raise UserError(f"--validation-from, {iso(self.validation_ms)}, should come before --test-from, {iso(self.test_ms)}.")
        self.sampler = Sampler(observations, self.horizon_max_ms, self.validation_ms, options.context)
        self.validation = self.horizons(labels, self.validation_ms, self.test_ms, options.context)
        self.held_out = self.horizons(labels, self.test_ms, math.inf, options.context)
        origins, targets = len(self.sampler.origins), sum(horizon.count for horizon in self.validation)
        if origins < 10 or targets < 10:
            raise UserError(
                f"Too little data: {origins} observations have a later one before {iso(self.validation_ms)}, and {targets} targets lie "
                f"between that and {iso(self.test_ms)}; 10 of each are the least. Insert more, or choose other --horizons, "
                "--validation-from and --test-from."
            )

    def horizons(self, labels: List[str], start_ms: float, end_ms: float, context: int) -> List[Horizon]:
        asked = [Horizon(label, self.observations, start_ms, end_ms, context, self.horizon_max_ms) for label in labels]
        return [horizon for horizon in asked if horizon.count > 0]


def moment_of(option: Optional[str], observations: Observations, share: float) -> float:
    if option is None:
        return float(observations.times.sort().values[int(share * len(observations.times))])
    try:
        return to_ms(option)
    except ValueError as error:
        raise UserError(f"Expected a date such as 1991-01-01, not {option!r}: {error}.") from error


def span_ms(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)", text)
    if match is None or float(match.group(1)) == 0:
        raise UserError(f"Expected a span such as 30d, 12h or 10y (ms, s, m, h, d, w, y), not {text!r}.")
    return float(match.group(1)) * SPAN_MS[match.group(2)]


# --- training -----------------------------------------------------------------------------------------------------------


def repeat_last(trajectory: Tensor, target_t: Tensor) -> Tensor:
    return trajectory[:, -1, 1:]


def continue_line(trajectory: Tensor, target_t: Tensor) -> Tensor:
    if trajectory.size(1) == 1:
        return trajectory[:, -1, 1:]
    before, now = trajectory[:, -2], trajectory[:, -1]
    return now[:, 1:] + (now - before)[:, 1:] * (target_t - now[:, :1]) / (now - before)[:, :1]


def turned(trajectory: Tensor, truth: Tensor, model: LatentOde) -> Tuple[Tensor, Tensor]:
    """The same windows seen from another side, so that an entity cannot be learned by heart from where it is."""
    turn = torch.linalg.qr(torch.randn(model.dimension, model.dimension)).Q
    rotate = lambda vectors: ((vectors - model.mean) / model.scale) @ turn * model.scale + model.mean  # noqa: E731
    return torch.cat([trajectory[:, :, :1], rotate(trajectory[:, :, 1:])], dim=2), rotate(truth)


def train_epoch(model: LatentOde, sampler: Sampler, optimizer, schedule, options) -> float:
    model.train()
    total = 0.0
    weight = 1.0 / (model.scale**2).mean()
    for _ in range(options.batches):
        trajectory, target_t, truth = sampler.draw(options.batch)
        if float(torch.rand(1)) < options.turn:
            trajectory, truth = turned(trajectory, truth, model)
        loss = ((model(trajectory, target_t) - truth) ** 2).mean() * weight
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += float(loss.detach())
    if not math.isfinite(total):
        raise UserError("The loss is no longer finite. Try a smaller --learning-rate.")
    model.eval()
    return total / options.batches


def train(plan: Plan, options, seed: int) -> LatentOde:
    """Keeps the weights that were best in validation, those of the start included: where nothing can be learned, the answer is `last`."""
    torch.manual_seed(seed)
    model = LatentOde(plan.observations.dimension, options.hidden, options.steps).eval()
    known = plan.observations.vectors[plan.observations.times < plan.validation_ms]
    model.mean.copy_(known.mean(0))
    model.scale.copy_(known.std(0).clamp(min=1e-6))
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, options.epochs * options.batches))
    of_last = [max(horizon.error(repeat_last), 1e-12) for horizon in plan.validation]
    best, best_epoch, kept = 1.0, 0, copy_of(model)
    started, evaluations = time.monotonic(), 0
    for epoch in range(1, options.epochs + 1):
        loss = train_epoch(model, plan.sampler, optimizer, schedule, options)
        evaluations += 4 * options.steps * options.batches * options.batch
        ratios = [horizon.error(model) / last for horizon, last in zip(plan.validation, of_last)]
        said = "  ".join(f"{horizon.label} {ratio:.3f}" for horizon, ratio in zip(plan.validation, ratios))
        print(
            f"seed {seed}  epoch {epoch:3d}/{options.epochs}  loss {loss:.4f}  error/last in validation: {said}  "
            f"{evaluations:,} evaluations of the field  {time.monotonic() - started:.0f} s",
            flush=True,
        )
        if sum(ratios) / len(ratios) < best:
            best, best_epoch, kept = sum(ratios) / len(ratios), epoch, copy_of(model)
        if epoch - best_epoch >= options.patience:
            break
    print(f"seed {seed}  kept epoch {best_epoch}: {best:.3f} of last's error in validation")
    model.load_state_dict(kept)
    return model


def copy_of(model: nn.Module) -> Dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


# --- what comes out -----------------------------------------------------------------------------------------------------


def report(model: nn.Module, horizons: List[Horizon]) -> List[Dict[str, object]]:
    """Prints the errors on what was held out, and returns them for the card."""
    print(f"\n{'held out':>10} {'cases':>7} {'model':>10} {'last':>10} {'linear':>10}   mean square error a dimension")
    rows: List[Dict[str, object]] = []
    for horizon in horizons:
        own, last, linear = (horizon.error(predict) for predict in (model, repeat_last, continue_line))
        print(f"{horizon.label:>10} {horizon.count:>7} {own:>10.4g} {last:>10.4g} {linear:>10.4g}")
        errors = {"mse": own, "mse_last": last, "mse_linear": linear}
        rows.append({"horizon": horizon.label, "horizon_ms": horizon.ms, "cases": horizon.count, **errors})
    return rows


def card_of(model: nn.Module, plan: Plan, options) -> Dict[str, object]:
    return {
        "format": 1,
        "architecture": ARCHITECTURE,
        "dimension": plan.observations.dimension,
        "context": options.context,
        "time": {"scheme": "from_last", "scale_ms": plan.horizon_max_ms},
        "targets": "one",
        "metrics": {
            "learned_before": iso(plan.validation_ms),
            "held_out_from": iso(plan.test_ms),
            "held_out": report(model, plan.held_out),
            "function_evaluations": 4 * options.steps * options.seeds,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "seed": options.seed,
            "torch": torch.__version__,
        },
    }


def archive_of(model: nn.Module, card: Dict[str, object]) -> bytes:
    """The TorchScript archive with its card, without the debugging entries: they hold paths of this machine."""
    whole, lean = io.BytesIO(), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated since 2.11, and what libtorch reads
        torch.jit.save(torch.jit.script(model), whole, _extra_files={"chronode.json": json.dumps(card, indent=1)})
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(lean, "w") as target:
        for entry in source.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                target.writestr(entry, source.read(entry))
    return lean.getvalue()


def write_at_once(data: bytes, path: str) -> None:
    """Written beside its place and then moved there: a reader sees the old file or the new one."""
    draft = f"{path}.{os.getpid()}.part"
    try:
        with open(draft, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise UserError(f"{path} could not be written: {error}.") from error
    finally:
        if os.path.exists(draft):
            os.unlink(draft)


def read_options(words: List[str]):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    say = parser.add_argument
    say("--database", help="a Chronode database file; needs --collection")
    say("--collection", help="the collection to learn from")
    say("--file", help="instead: .csv(.gz) or .jsonl(.gz) with entity, timestamp, vector")
    say("--out", default="model.pt", help="the file to write (%(default)s)")
    say("--horizons", help="spans to report, such as 1y,5y,10y; otherwise 1, 3 and 10 usual gaps")
    say("--horizon-max", help="the longest span to learn; otherwise the longest of --horizons")
    say("--validation-from", help="targets from here say when to stop; otherwise after 70 %% of the observations")
    say("--test-from", help="targets from here are held out; otherwise after 85 %% of the observations")
    say("--context", type=int, default=32, help="how many of the newest observations the model is given (%(default)s)")
    say("--epochs", type=int, default=20, help="0: export it untrained (%(default)s)")
    say("--patience", type=int, default=8, help="epochs without a gain after which it stops (%(default)s)")
    say("--batches", type=int, default=60, help="batches an epoch (%(default)s)")
    say("--batch", type=int, default=256, help="windows a batch (%(default)s)")
    say("--learning-rate", type=float, default=2e-3, help="of AdamW, at the start (%(default)s)")
    say("--turn", type=float, default=0.7, help="share of batches turned at random; 0 where each dimension has its own meaning (%(default)s)")
    say("--hidden", type=int, default=32, help="size of the latent state (%(default)s)")
    say("--steps", type=int, default=8, help="Runge-Kutta steps a prediction (%(default)s)")
    say("--seed", type=int, default=0, help="start of the random numbers (%(default)s)")
    say("--seeds", type=int, default=1, help="models to train, each from the next seed, and to average (%(default)s)")
    say("--threads", type=int, default=1, help="threads of PyTorch (%(default)s)")
    options = parser.parse_args(words)
    if (options.file is None) == (options.database is None) or (options.database is not None and options.collection is None):
        parser.error("expected --file FILE, or --database FILE --collection NAME")
    for name in ("context", "patience", "batches", "batch", "hidden", "steps", "seeds", "threads"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} should be at least 1")
    return options


def run(options) -> None:
    torch.set_num_threads(options.threads)
    observations = read_file(options.file) if options.file else read_database(options.database, options.collection)
    plan = Plan(observations, options)
    print(
        f"{len(observations.runs)} entities, {len(observations.times)} observations of {observations.dimension} numbers; "
        f"learning from targets before {iso(plan.validation_ms)}, held out from {iso(plan.test_ms)}"
    )
    members = [train(plan, options, options.seed + i) for i in range(options.seeds)]
    model = MeanOf(members).eval() if len(members) > 1 else members[0]
    write_at_once(archive_of(model, card_of(model, plan, options)), options.out)
    print(f"wrote {options.out}")


def main() -> int:
    try:
        run(read_options(sys.argv[1:]))
        return 0
    except UserError as error:
        print(f"train_neural_ode: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
