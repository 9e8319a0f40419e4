"""CloudWatch's metrics of the last 24 hours. A local engine publishes none: then there is no number."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

WINDOW = timedelta(hours=24)
# One datapoint an hour.
PERIOD_SECONDS = 3600

Statistic = Literal["Average", "Maximum", "SampleCount", "Sum"]


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics that a client's region has; `until` ends the window."""

    cloudwatch: CloudWatchClient
    until: datetime

    def sum(self, namespace: str, metric: str, dimensions: Mapping[str, str]) -> float | None:
        """None where nobody measured."""
        points = self._points(namespace, metric, dimensions, "Sum")
        return sum(points) if points else None

    def samples(self, namespace: str, metric: str, dimensions: Mapping[str, str]) -> float | None:
        """How often it was measured; None where nobody did."""
        points = self._points(namespace, metric, dimensions, "SampleCount")
        return sum(points) if points else None

    def average(self, namespace: str, metric: str, dimensions: Mapping[str, str]) -> float | None:
        """Of the hours' averages; None where nobody measured."""
        points = self._points(namespace, metric, dimensions, "Average")
        return statistics.fmean(points) if points else None

    def maximum(self, namespace: str, metric: str, dimensions: Mapping[str, str]) -> float | None:
        """None where nobody measured."""
        return max(self._points(namespace, metric, dimensions, "Maximum"), default=None)

    def _points(self, namespace: str, metric: str, dimensions: Mapping[str, str], statistic: Statistic) -> list[float]:
        answer = self.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=self.until - WINDOW,
            EndTime=self.until,
            Period=PERIOD_SECONDS,
            Statistics=[statistic],
        )
        return [point[statistic] for point in answer["Datapoints"]]
