import numpy as np

from cartography.features.scaling import PrincipalScaling


def test_components_are_weakened_by_their_deviation():
    rng = np.random.default_rng(0)
    independent = np.linalg.qr(rng.normal(size=(500, 3)) - 0.0)[0] * np.sqrt(500)
    independent -= independent.mean(axis=0)
    turned = independent * [4, 1, 0] @ np.linalg.qr(rng.normal(size=(3, 3)))[0] + [7, 0, -2]
    scaled = PrincipalScaling.fit(turned.astype(np.float32))(turned.astype(np.float32))
    deviations = scaled.std(axis=0)
    # 4 times the root of 4 against 1 times the root of 1.
    assert abs(deviations[0] / deviations[1] - 8) < 0.2
    assert deviations[2] < 1e-3
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.mean(scaled**2), 1, rtol=1e-4)


def test_a_row_does_not_depend_on_others():
    features = np.random.default_rng(0).normal(size=(3_000, 40)).astype(np.float32)
    scaling = PrincipalScaling.fit(features)
    whole = scaling(features)
    assert np.array_equal(whole[1_500:1_503], scaling(features[1_500:1_503]))
    assert np.array_equal(whole[::-1], scaling(features[::-1]))


def test_equal_features_and_many_dimensions():
    equal = np.ones((5, 3), dtype=np.float32)
    assert (PrincipalScaling.fit(equal)(equal) == 0).all()
    wide = np.random.default_rng(0).normal(size=(20, 900)).astype(np.float32)
    assert PrincipalScaling.fit(wide)(wide).shape == (20, 768)


def test_saved_and_loaded(tmp_path):
    features = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    scaling = PrincipalScaling.fit(features)
    scaling.save(tmp_path / "scaling.npz")
    loaded = PrincipalScaling.load(tmp_path / "scaling.npz")
    assert np.array_equal(loaded(features), scaling(features))
    (tmp_path / "scaling.npz").write_bytes(b"PK\x03\x04 cut")
    assert PrincipalScaling.load(tmp_path / "scaling.npz") is None
    assert PrincipalScaling.load(tmp_path / "none.npz") is None
