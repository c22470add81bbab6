"""Reads Prometheus' text format, and checks it on the way."""

import re

NAME = r"[a-z_]+"
LABEL = r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.]+(?:e[+-]?\d+)?)")
PARTS = ("_bucket", "_sum", "_count")


class Metrics:
    """`types`: {metric: type}. metrics[name, label, value, ...] is a sample; its labels in the order of their names."""

    def __init__(self, text):
        self.text, self.types, self.samples = text, {}, {}
        assert text.endswith("\n")
        lines = text.split("\n")[:-1]
        for line in lines:
            if line.startswith("# "):
                self._read_head(line)
            else:
                self._read_sample(line)
        self._check_histograms()

    def _read_head(self, line):
        kind, name, text = line[2:].split(" ", 2)
        assert kind in ("HELP", "TYPE") and text
        if kind == "TYPE":
            assert text in ("counter", "gauge", "histogram") and name not in self.types
            self.types[name] = text

    def _read_sample(self, line):
        found = SAMPLE.fullmatch(line)
        assert found, line
        name, labels, value = found.group(1), found.group(2), found.groups()[-1]
        pairs = [
            (label, re.sub(r"\\(.)", lambda part: {"n": "\n"}.get(part[1], part[1]), text))
            for label, text in re.findall(LABEL, labels or "")
        ]
        key = (name, *(part for pair in sorted(pairs) for part in pair))
        assert key not in self.samples, f"{key} is there twice"
        self.samples[key] = float(value)
        metric = next((name[: -len(part)] for part in PARTS if name.endswith(part)), name)
        assert name in self.types or self.types.get(metric) == "histogram", f"{name} has no TYPE before it"
        latest = list(self.types)[-1]
        assert latest in (name, metric), f"{name} is among the samples of {latest}"

    def _check_histograms(self):
        for name in (name for name, kind in self.types.items() if kind == "histogram"):
            series = {}
            for key, value in self.samples.items():
                if key[0] == f"{name}_bucket":
                    at = key.index("le")
                    series.setdefault(key[1:at] + key[at + 2 :], []).append((float(key[at + 1]), value))
            for labels, buckets in series.items():
                assert buckets == sorted(buckets), (name, labels)
                values = [value for _, value in buckets]
                assert values == sorted(values) and buckets[-1][0] == float("inf")
                assert values[-1] == self.samples[(f"{name}_count", *labels)]
                assert self.samples[(f"{name}_sum", *labels)] >= 0

    def __getitem__(self, key):
        return self.samples[key if isinstance(key, tuple) else (key,)]

    def get(self, *key):
        return self.samples.get(key, 0.0)

    def named(self, name):
        return {key[1:]: value for key, value in self.samples.items() if key[0] == name}


def metrics_of(arm):
    response = arm.request("GET", "/metrics", status=200)
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return Metrics(response.text)
