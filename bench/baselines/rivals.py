"""Detectors of packages over the series of an exam.

Reads a series a line, {"stream","op","learn","rows":[[end, calls, error ratio, mean, p95], ...]}, and writes for each of
them what each detector says in the form of `evenkeel baseline scan`, with "rival" and "stream"; last, CPU seconds.
Detectors see the logarithm of durations in learned standard deviations, which helps them all.
"""

import json
import sys
import time

import numpy as np
import ruptures
import stumpy
from pyod.models.ecod import ECOD
from pyod.models.iforest import IForest
from river import anomaly, drift

KINDS = ["latency", "latency", "error", "throughput"]
QUIET_WINDOWS = 3
TRUSTED = 0.999


def features(rows):
    """Log mean, log p95, error ratio, log calls; durations of an empty window are those before it."""
    values = np.array([[np.nan if r[1] == 0 else np.log(r[3]), np.nan if r[1] == 0 else np.log(r[4]), r[2], np.log1p(r[1])] for r in rows])
    for column in (0, 1):
        for i in range(len(values)):
            if np.isnan(values[i, column]):
                values[i, column] = values[i - 1, column] if i > 0 else np.nanmedian(values[:, column])
    return values


class Stream:
    def __init__(self, line):
        self.stream, self.op = line["stream"], line["op"]
        rows = line["rows"]
        self.ends = [r[0] for r in rows]
        self.calls = [r[1] for r in rows]
        self.raw = features(rows)
        self.learned = sum(1 for end in self.ends if end <= line["learn"])
        head = self.raw[: self.learned]
        self.mean = head.mean(axis=0)
        self.sd = np.maximum(head.std(axis=0), [0.01, 0.01, 0.003, 0.05])
        self.z = (self.raw - self.mean) / self.sd

    def worst(self, i):
        """The series that is furthest from what was learned, calls only where they are fewer."""
        z = self.z[i] * [1, 1, 1, -1]
        return int(np.argmax(z))

    def severity(self, i, column):
        if KINDS[column] == "throughput":
            return "emergency" if self.calls[i] == 0 else "info"
        ratio = self.raw[i, 2] / max(self.mean[2], 0.005) if column == 2 else np.exp(self.raw[i, column] - self.mean[column])
        return "info" if ratio < 2 else "warning" if ratio < 5 else "critical"


def from_flags(s, flags):
    """Raises with the first flagged window, clears after a few without a flag. `flags[i]` is a column or None."""
    state, calm, kind = "none", 0, "latency"
    for i in range(s.learned, len(s.ends)):
        column = flags[i]
        if column is None:
            calm += 1
            if state != "none" and calm >= QUIET_WINDOWS:
                state = "none"
                yield s.ends[i], kind, state
            continue
        calm, now, kind = 0, s.severity(i, column), KINDS[column]
        if now != state:
            state = now
            yield s.ends[i], kind, state


def from_scores(s, scores):
    """Flags what scores above almost all of the second half of learning."""
    limit = np.quantile(scores[s.learned // 2 : s.learned], TRUSTED)
    return [s.worst(i) if score > limit else None for i, score in enumerate(scores)]


def adwin(s):
    # By default it looks only at every 32nd value.
    detectors = [drift.ADWIN(clock=1) for _ in KINDS]
    return from_flags(s, changes(s, lambda column, value: (detectors[column].update(value), detectors[column].drift_detected)[1]))


def page_hinkley(s):
    detectors = [drift.PageHinkley(threshold=15, delta=0.5, mode="both") for _ in KINDS]
    return from_flags(s, changes(s, lambda column, value: (detectors[column].update(value), detectors[column].drift_detected)[1]))


HELD_WINDOWS = 12


def changes(s, changed):
    """A change for the worse holds until one for the better, or two minutes of usual values."""
    held, flags = {}, []
    for i in range(len(s.ends)):
        for column in range(len(KINDS)):
            value = float(s.z[i, column])
            if changed(column, value):
                recent = s.z[max(0, i - 5) : i + 1, column].mean() * (-1 if column == 3 else 1)
                if recent > 1:
                    held[column] = i
                else:
                    held.pop(column, None)
            if column in held and i - held[column] > HELD_WINDOWS and abs(value) < 2:
                held.pop(column)
        flags.append(min(held, default=None))
    return flags


def half_space_trees(s):
    # It scores nothing before its first window is full, which must be well within what is learned.
    window = min(100, s.learned // 4)
    model = anomaly.HalfSpaceTrees(n_trees=10, height=8, window_size=window, seed=1)
    scores = []
    for row in np.clip(s.z / 20 + 0.5, 0, 1):
        x = dict(enumerate(row))
        scores.append(model.score_one(x))
        model.learn_one(x)
    return from_flags(s, from_scores(s, np.array(scores)))


def fitted(model):
    def detect(s):
        model.fit(s.z[: s.learned])
        return from_flags(s, from_scores(s, model.decision_function(s.z)))

    return detect


def kernel_change_points(s):
    flags = [None] * len(s.ends)
    signal = s.z.copy()
    signal[:, 3] *= -1
    penalty = 3 * np.log(60) * signal.shape[1]
    for i in range(s.learned, len(s.ends)):
        window = signal[max(0, i - 59) : i + 1]
        points = ruptures.KernelCPD(kernel="linear", min_size=2).fit(np.ascontiguousarray(window)).predict(pen=penalty)
        if len(points) > 1:
            after = window[points[-2] :].mean(axis=0)
            # Against what was learned: a return is a change too.
            if after.max() > 1:
                flags[i] = int(np.argmax(after))
    return from_flags(s, flags)


def matrix_profile(s):
    width, column = 6, 1
    values = s.z[:, column].astype(np.float64)
    head = stumpy.aampi(values[: s.learned], m=width, egress=False)
    learned = head.P_
    limit = np.quantile(learned[np.isfinite(learned)], TRUSTED)
    # Nearest neighbour among what was learned: a long regression must not become its own neighbour.
    flags = [None] * len(s.ends)
    reference = values[: s.learned]
    for i in range(s.learned, len(s.ends)):
        distance = stumpy.core.mass_absolute(values[i - width + 1 : i + 1], reference).min()
        if distance > limit:
            flags[i] = s.worst(i)
    return from_flags(s, flags)


RIVALS = {
    "river ADWIN": adwin,
    "river PageHinkley": page_hinkley,
    "river HalfSpaceTrees": half_space_trees,
    "PyOD ECOD": fitted(ECOD()),
    "PyOD IForest": fitted(IForest(n_estimators=50, random_state=1)),
    "ruptures KernelCPD": kernel_change_points,
    "stumpy matrix profile": matrix_profile,
}


def main():
    spent = dict.fromkeys(RIVALS, 0.0)
    for line in sys.stdin:
        series = Stream(json.loads(line))
        for name, detect in RIVALS.items():
            began = time.process_time()
            for end, kind, severity in detect(series):
                violation = {"rival": name, "stream": series.stream, "op": series.op, "t_ms": end, "kind": kind, "severity": severity}
                print(json.dumps(violation))
            spent[name] += time.process_time() - began
    print(json.dumps({"spent": spent}))


main()
