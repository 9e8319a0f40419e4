import pytest

from devstack.waiting import DeadlineExceededError, wait_for


class Clock:
    def __init__(self):
        self.now = 0.0
        self.pauses = []

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


def test_the_first_real_answer_ends_the_wait():
    clock = Clock()
    answers = iter([None, False, "there"])
    assert wait_for(lambda: next(answers), "it", timeout=10, clock=clock.time, sleep=clock.sleep) == "there"
    assert len(clock.pauses) == 2


def test_zero_is_an_answer():
    assert wait_for(lambda: 0, "a number", timeout=1) == 0


def test_pauses_grow_up_to_a_limit_and_end_at_the_deadline():
    clock = Clock()
    with pytest.raises(DeadlineExceededError, match=r"Waited 20 seconds for the moon\."):
        wait_for(lambda: None, "the moon", timeout=20, longest_pause=3, clock=clock.time, sleep=clock.sleep)
    assert clock.pauses[:-1] == sorted(clock.pauses[:-1])
    assert max(clock.pauses) == 3
    assert clock.now == pytest.approx(20)


def test_a_past_deadline_still_asks_once():
    assert wait_for(lambda: "now", "it", timeout=0) == "now"
