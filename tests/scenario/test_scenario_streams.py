"""The streams that weights are drawn from: the same for ever, and independent of each other."""

import numpy as np

from tfstep.scenario.weights.streams import normals, stream, uniforms


def test_the_first_numbers_of_a_stream_are_these_for_ever() -> None:
    assert uniforms(stream(0, "src.E"), 4).tolist() == UNIFORMS
    assert np.allclose(normals(stream(0, "src.E"), 5), NORMALS, rtol=1e-14, atol=0)
    assert np.allclose(normals(stream(2**62 + 1, "enc0.attn.W_Q"), 2), LARGE_SEED, rtol=1e-14, atol=0)


def test_uniforms_are_the_upper_53_bits_over_2_to_the_53() -> None:
    raw = np.random.PCG64(np.random.SeedSequence([3, 0x2C26B46B68FFC68F])).random_raw(3)  # sha256 of "foo"
    assert uniforms(stream(3, "foo"), 3).tolist() == [(int(bits) >> 11) / 2**53 for bits in raw]


def test_seed_and_name_each_change_the_stream() -> None:
    first = uniforms(stream(0, "a"), 100)
    assert (uniforms(stream(0, "a"), 100) == first).all()
    for other in (stream(1, "a"), stream(0, "b")):
        assert abs(np.corrcoef(first, uniforms(other, 100))[0, 1]) < 0.4
        assert not (uniforms(other, 100) == first).any()


def test_the_numbers_are_distributed_as_they_should_be() -> None:
    u, z = uniforms(stream(5, "u"), 200_001), normals(stream(5, "z"), 200_001)
    assert (u >= 0).all()
    assert (u < 1).all()
    assert abs(u.mean() - 0.5) < 0.005
    assert abs(u.var() - 1 / 12) < 0.002
    assert abs(z.mean()) < 0.01
    assert abs(z.var() - 1) < 0.02
    assert abs((z**4).mean() - 3) < 0.15
    assert abs((z**3).mean()) < 0.05
    assert np.isfinite(z).all()


def test_none_and_one_are_drawn_too() -> None:
    assert normals(stream(0, "a"), 0).shape == (0,)
    assert normals(stream(0, "a"), 1).shape == (1,)


UNIFORMS = [0.34433044490464604, 0.5859446589395799, 0.16940321945482906, 0.6945978235698207]
NORMALS = [-0.3134165080823418, 0.5134291309222652, 0.47802923525293783, -0.86369368432406, 1.2247047838492522]
LARGE_SEED = [0.009427705042470418, 1.0659517710868094]
