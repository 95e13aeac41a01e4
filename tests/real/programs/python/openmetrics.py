"""Reads an OpenMetrics page from standard input and prints each family: type, unit and the value of its first sample."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    # As text: JSON has no NaN.
    value = str(float(family.samples[0].value)) if family.samples else ""
    families[family.name] = {"type": family.type, "unit": family.unit, "value": value}
print(json.dumps(families))
