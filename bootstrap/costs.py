"""`python -m bootstrap.costs` writes docs/cost.md: what a month costs, by the template's and the ladder's own choices.

Every price and every assumption has a name here; a test holds the page to this program.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from bootstrap.parsing import parse_template
from bootstrap.template import render_template
from sstech_video.ladder import ladder
from sstech_video.observability import Count
from sstech_video.pricing import DOLLAR, PRICES_AS_OF, estimate
from sstech_video.sources import Source

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cost.md"
HOURS = (10, 100, 1000)

# List prices in US dollars, US East (N. Virginia), on demand, as of this day; each service's pricing page has today's.
PRICES_OF = date(2026, 11, 22)
S3_GB_MONTH = 0.023
S3_THOUSAND_PUTS = 0.005
S3_THOUSAND_GETS = 0.0004
CLOUDFRONT_GB = 0.085
CLOUDFRONT_GB_SOUTH_AMERICA = 0.110
CLOUDFRONT_FREE_GB = 1000
CLOUDFRONT_TEN_THOUSAND_REQUESTS = 0.010
CLOUDFRONT_FREE_REQUESTS = 10_000_000
API_MILLION_CALLS = 3.50
ALARM_MONTH = 0.10
FREE_ALARMS = 10
DASHBOARD_MONTH = 3.00
FREE_DASHBOARDS = 3
LOGS_GB = 0.50
METRIC_MONTH = 0.30  # pro rata: a metric is billed for the hours in which it has a number
FREE_METRICS = 10

# What a month is taken to be like.
SOURCE = Source(duration_ms=3_600_000, width=1920, height=1080, frame_rate=Fraction(30), has_video=True, has_audio=True)
SOURCE_GB_PER_HOUR = 3.6  # 8 Mbit/s: a phone or a camcorder
AVERAGE_OF_PEAK = 0.5  # QVBR stays below its peak where the picture is calm
WATCHED_TIMES = 2  # each hour of video, in the month in which it was uploaded
ORIGINAL_DAYS = 1  # an original is deleted when its conversion is done
CALLS_PER_HOUR_OF_VIDEO = 2_000
LOG_GB_PER_HOUR_OF_VIDEO = 0.002
HOURS_IN_USE = 240  # of a month: eight a day in which somebody signs in, uploads or watches
METRICS_OF_A_METHOD = 5  # API Gateway's, where its settings ask for them: calls, two latencies, 4xx and 5xx
METRICS_OF_ACCOUNTS = 2  # failed sign-ins and enrolments
SEGMENT_SECONDS = 6  # the job template's, services/functions/sstech_video/conversion.py
SECONDS = 3600
HOURS_A_MONTH = 730
BITS_PER_GB = 8e9
DAYS = 30


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a month's bill, in dollars."""

    name: str
    dollars: float


def month(hours: int) -> list[Item]:
    """What converting, keeping and watching `hours` of video costs in the month of their upload."""
    rungs = ladder(SOURCE)
    stored_gb = hours * stored_gb_per_hour()
    watched_gb = hours * WATCHED_TIMES * rungs[0].max_bitrate * AVERAGE_OF_PEAK * SECONDS / BITS_PER_GB
    segments = hours * SECONDS / SEGMENT_SECONDS
    requests = segments * WATCHED_TIMES
    alarms, dashboards = _monitoring()
    return [
        Item("MediaConvert", hours * estimate(rungs, SOURCE, 0, 100) / DOLLAR),
        Item("S3, converted videos", stored_gb * S3_GB_MONTH),
        Item("S3, originals until converted", hours * SOURCE_GB_PER_HOUR * S3_GB_MONTH * ORIGINAL_DAYS / DAYS),
        Item("S3, requests", (segments * len(rungs) * S3_THOUSAND_PUTS + requests * S3_THOUSAND_GETS) / 1000),
        Item("CloudFront, traffic", max(0.0, watched_gb - CLOUDFRONT_FREE_GB) * CLOUDFRONT_GB),
        Item(
            "CloudFront, requests",
            max(0.0, requests - CLOUDFRONT_FREE_REQUESTS) / 10_000 * CLOUDFRONT_TEN_THOUSAND_REQUESTS,
        ),
        Item("API Gateway", hours * CALLS_PER_HOUR_OF_VIDEO / 1e6 * API_MILLION_CALLS),
        Item("Lambda, SQS, SNS, EventBridge, Cognito, X-Ray, one trail", 0.0),
        Item("CloudWatch, logs", hours * LOG_GB_PER_HOUR_OF_VIDEO * LOGS_GB),
        Item(
            "CloudWatch, alarms and dashboard",
            max(0, alarms - FREE_ALARMS) * ALARM_MONTH + max(0, dashboards - FREE_DASHBOARDS) * DASHBOARD_MONTH,
        ),
        Item(
            "CloudWatch, metrics of functions and API",
            max(0.0, metric_months() - FREE_METRICS) * METRIC_MONTH,
        ),
    ]


def stored_gb_per_hour() -> float:
    """Gigabytes that an hour of 1080p becomes: the MP4 and every rendition."""
    rungs = ladder(SOURCE)
    bits = sum(rung.max_bitrate for rung in (rungs[0], *rungs)) * AVERAGE_OF_PEAK * SECONDS
    return bits / BITS_PER_GB


def metric_months() -> float:
    """Custom metrics, those that API Gateway is asked for included, by the part of the month that they are in use."""
    stage = parse_template(render_template())["Resources"]["ApiStage"]["Properties"]
    methods: int = sum(one["MetricsEnabled"] is True for one in stage["MethodSettings"])
    metrics = len(Count) + METRICS_OF_ACCOUNTS + methods * METRICS_OF_A_METHOD
    return metrics * HOURS_IN_USE / HOURS_A_MONTH


def page() -> str:
    """docs/cost.md."""
    months = {hours: month(hours) for hours in HOURS}
    names = [item.name for item in months[HOURS[0]]]
    rows = [
        f"| {name} | " + " | ".join(f"{months[hours][index].dollars:,.2f}" for hours in HOURS) + " |"
        for index, name in enumerate(names)
    ]
    totals = " | ".join(f"**{sum(item.dollars for item in months[hours]):,.2f}**" for hours in HOURS)
    kept = " | ".join(f"{hours * stored_gb_per_hour() * S3_GB_MONTH:,.2f}" for hours in HOURS)
    rungs = ladder(SOURCE)
    cheapest, two = (estimate(rungs[:number], SOURCE, 0, 100) / DOLLAR for number in (1, 2))
    whole = estimate(rungs, SOURCE, 0, 100) / DOLLAR
    return f"""# What it costs

Made by `python3 -m bootstrap.costs`, from the template's and the ladder's own choices; a test holds this page to it.
US dollars a month, US East (N. Virginia), list prices of {PRICES_OF:%Y-%m-%d} (MediaConvert's in effect since {PRICES_AS_OF:%Y-%m}); look at
each service's pricing page before you rely on them.

| item | {" | ".join(f"{hours:,} hours" for hours in HOURS)} |
|---|{"---:|" * len(HOURS)}
{chr(10).join(rows)}
| **the month of the upload** | {totals} |
| each month after it, unwatched | {kept} |

An idle stage costs its alarms and dashboard and nothing else: no server runs.

## What is assumed

- The hours are uploaded in that month: 1080p at 30 frames a second, {SOURCE_GB_PER_HOUR} GB an hour. An hour becomes
  {stored_gb_per_hour():.1f} GB: an MP4 and {len(rungs)} HLS renditions ({", ".join(rung.name for rung in rungs)}), at
  {AVERAGE_OF_PEAK:.0%} of their peak rates, which is what QVBR takes for most films.
- Each hour is watched {WATCHED_TIMES} times at the best rendition. CloudFront's first {CLOUDFRONT_FREE_GB:,} GB and
  {CLOUDFRONT_FREE_REQUESTS:,} requests a month are free; then a GB is {CLOUDFRONT_GB} (South America
  {CLOUDFRONT_GB_SOUTH_AMERICA}, which `PriceClass_All` includes, because the first users live there).
- Lambda's, SQS's, SNS's, Cognito's (10,000 people), X-Ray's and CloudTrail's free allowances are not used up.
- The functions' own metrics and those of `/auth` have numbers in {HOURS_IN_USE} hours of the month; all the time they would be
  {metric_months() * HOURS_A_MONTH / HOURS_IN_USE:.0f} metrics at {METRIC_MONTH:.2f}, {FREE_METRICS} of them free.
- Other regions are dearer; the parameter `PricePercent` tells the cost limits by how much.
- Not in it, because it is off unless asked for: AWS WAF of the edge stack (5.00 and 1.00 a rule), an own domain's zone
  (0.50), e-mails by SES (0.10 a thousand), a second CloudTrail trail in the account.

## Why the ladder is what it is

MediaConvert is most of the bill, and it is paid by the minute of **output**: of every rendition, not of the film. So

- H.264, single pass, QVBR: the **Basic tier**. HEVC, two passes, automated ABR or acceleration are the Professional
  tier, at several times the price; a test refuses their settings.
- No rendition above the source, and none that is not at least a tenth smaller than the one above it: each would cost a
  minute's price and show nothing new. At most 1080 lines: 4K costs twice as much as HD for every rendition.
- {len(rungs)} renditions and not one: an hour would be {cheapest:.2f} instead of
  {whole:.2f}, but a phone in the train could not play it. Of the difference {rungs[1].name} is {two - cheapest:.2f}; the smaller ones cost
  half as much a minute each, {whole - two:.2f} together.
- The MP4 is a rendition once more: what the owner downloads, and what plays where HLS does not.

The functions estimate each conversion before it starts and refuse it beyond `MaxCentsPerVideo`, `MaxCentsPerOwner` and
`MaxCentsPerStage`; `MonthlyBudget` warns for everything else.
"""  # noqa: E501  # the page's own lines


def _monitoring() -> tuple[int, int]:
    kinds = [one["Type"] for one in parse_template(render_template())["Resources"].values()]
    return kinds.count("AWS::CloudWatch::Alarm"), kinds.count("AWS::CloudWatch::Dashboard")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
