"""Archives: forecasts that were filed are read as they were filed, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic import ensemble, summary

import montecarlo_ai as mc


@pytest.mark.parametrize("wrong", [None, 3, xr.Dataset(), "a\0b", b"archive", "a" * 9_000])
def test_what_is_no_path_is_refused(wrong: object) -> None:
    filed = summary(ensemble(20)).assign_attrs(created_at="2026-01-05T10:00:00+00:00")
    with pytest.raises(mc.InputError, match="archive"):
        mc.read_archive(wrong)
    with pytest.raises(mc.InputError, match="folder"):
        mc.archive_summary(filed, wrong)


def test_an_archive_is_read_past_files_that_are_not_its_own(tmp_path: Path) -> None:
    filed = summary(ensemble(20)).assign_attrs(created_at="2026-01-05T10:00:00+00:00")
    place = mc.archive_summary(filed, tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.nc").write_text("no summary", encoding="utf-8")
    ensemble(20).to_netcdf(place.with_name("ensemble.nc"), engine="h5netcdf")
    assert len(mc.read_archive(tmp_path)) == 1
    with pytest.raises(mc.InputError, match="is no filed summary"):
        mc.read_archive(place.with_name("ensemble.nc"))
    place.unlink()
    with pytest.raises(mc.InputError, match="holds no filed summary"):
        mc.read_archive(tmp_path)
    with pytest.raises(mc.InputError, match="is a file; give a folder"):
        mc.archive_summary(filed, tmp_path / "notes" / "a.nc")
    with pytest.raises(mc.InputError, match="created_at"):
        mc.archive_summary(filed.assign_attrs(created_at="lately"), tmp_path)


def test_a_filed_forecast_is_never_read_with_a_flipped_bit(tmp_path: Path) -> None:
    filed = summary(ensemble(20, years=1)).assign_attrs(created_at="2026-01-05T10:00:00+00:00")
    place = mc.archive_summary(filed, tmp_path)
    (sound,) = mc.read_archive(tmp_path)
    content = place.read_bytes()
    rng = np.random.default_rng(7)
    places = [*rng.integers(len(content), size=300).tolist(), *range(len(content) - 80, len(content))]
    for at in places:
        damaged = bytearray(content)
        damaged[at] ^= 1 << int(rng.integers(8))
        place.write_bytes(damaged)
        for read in (tmp_path, place):
            with pytest.raises(mc.InputError, match=r"no longer holds what was filed|does not end in a digest"):
                mc.read_archive(read)
    for part in (content[: len(content) // 2], content[:-1], content + b"\n", b""):
        place.write_bytes(part)
        with pytest.raises(mc.InputError, match="archive"):
            mc.read_archive(tmp_path)
        with pytest.raises(mc.InputError, match="archive"):
            mc.archive_summary(filed, tmp_path)
    place.write_bytes(content)
    assert sound.identical(mc.read_archive(place)[0])
    assert mc.archive_summary(sound, tmp_path / "another").read_bytes()[-73:-65] == b"\nsha256 "


def test_a_summary_that_was_never_filed_is_scored_and_filed_as_its_refusal_says(tmp_path: Path) -> None:
    own, table = (
        tmp_path / "summary.nc",
        pd.DataFrame({"variable": ["revenue"], "date": ["2026-12-31"], "value": [26e9]}),
    )
    made = summary(ensemble(20)).assign_attrs(created_at="2026-01-05T10:00:00+00:00")
    made.to_netcdf(own, engine="h5netcdf")
    with pytest.raises(mc.InputError, match="opened with xarray and given to backtest, or to archive_summary"):
        mc.backtest(own, table)
    with xr.open_dataset(own) as opened:
        assert mc.backtest(opened, table)["pit"].identical(mc.backtest(made, table)["pit"])
        assert mc.read_archive(mc.archive_summary(opened, tmp_path / "filed"))[0].identical(opened.load())
    with pytest.raises(mc.InputError, match="is neither a folder nor a file"):
        mc.read_archive(tmp_path / "nowhere.nc")
