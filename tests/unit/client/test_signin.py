import pyotp
import pytest

from devstack.contract.signin import Authenticator, claims

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the secret of RFC 6238's appendix B


class Clock:
    def __init__(self, now):
        self.now = now

    def time(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds


@pytest.mark.parametrize(("now", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(now, code):
    clock = Clock(now)
    assert Authenticator(SECRET, clock.time, clock.sleep).code() == code


def test_a_second_code_in_the_same_window_waits_for_the_next():
    clock = Clock(1_000_000_011.5)
    authenticator = Authenticator(SECRET, clock.time, clock.sleep)
    first, second = authenticator.code(), authenticator.code()
    assert first != second
    assert clock.now == 1_000_000_020
    assert second == pyotp.TOTP(SECRET).at(1_000_000_020)


def test_a_code_in_a_later_window_does_not_wait():
    clock = Clock(1_000_000_011)
    authenticator = Authenticator(SECRET, clock.time, clock.sleep)
    authenticator.code()
    clock.now += 30
    authenticator.code()
    assert clock.now == 1_000_000_041


def test_claims_are_read_whatever_their_padding():
    assert claims("x.eyJzdWIiOiJhYmMifQ.y") == {"sub": "abc"}
