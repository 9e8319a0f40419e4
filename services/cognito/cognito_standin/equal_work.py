"""Work that makes a known and an unknown name cost the same time at sign-in.

The engine computes less for a name it knows in the first step of SRP (a short exponent in place of a random one) and
nothing at all in the second for one it does not. What is missing is done here, with numbers of the same size.
`dev.py bench signin` shows what is left.
"""

import secrets

# SRP's group (RFC 5054 appendix A, 3072 bits) and the length of SHA-256, which gives the short exponents.
_GROUP_BITS = 3072
_HASH_BITS = 256
_MODULUS = (1 << _GROUP_BITS) - 1103717


def as_for_an_unknown_name() -> None:
    """What a made-up verifier costs more than a person's own."""
    _power(_GROUP_BITS - _HASH_BITS)


def as_for_a_known_name() -> None:
    """What checking a proof costs: the verifier, its power, and the shared secret."""
    _power(_HASH_BITS)
    _power(_HASH_BITS)
    _power(_GROUP_BITS)


def _power(exponent_bits: int) -> None:
    exponent = secrets.randbits(exponent_bits) | 1 << (exponent_bits - 1)
    pow(secrets.randbits(_GROUP_BITS), exponent, _MODULUS)
