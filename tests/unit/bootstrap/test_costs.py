"""The cost page is what the program computes from today's template and ladder."""

import pytest

from bootstrap.costs import HOURS, PAGE, month, page
from bootstrap.parsing import parse_template
from bootstrap.template import render_template
from sstech_video.conversion import SEGMENT_SECONDS
from sstech_video.pricing import DOLLAR, HD, PRICE_PER_MINUTE, SD


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "python3 -m bootstrap.costs writes it anew"


@pytest.mark.parametrize("hours", HOURS)
def test_conversion_is_most_of_the_bill(hours: int) -> None:
    items = {item.name: item.dollars for item in month(hours)}
    assert items["MediaConvert"] > sum(items.values()) / 2


def test_twice_the_video_never_costs_less() -> None:
    for one, two in zip(month(100), month(200), strict=True):
        assert two.dollars >= one.dollars, one.name


def test_the_dashboards_estimate_has_the_price_lists_prices() -> None:
    prices = parse_template(render_template())["Mappings"]["MediaConvertPrice"]["PerMinute"]
    assert float(prices["StandardDefinition"]) == PRICE_PER_MINUTE[SD, False] / DOLLAR
    assert float(prices["HighDefinition"]) == PRICE_PER_MINUTE[HD, False] / DOLLAR


def test_the_program_counts_the_ladders_own_segments() -> None:
    from bootstrap import costs

    assert costs.SEGMENT_SECONDS == SEGMENT_SECONDS
