"""V1 checkpoints and the choice between the formats."""

from __future__ import annotations

import numpy as np
import pytest

from teachtf.checkpoint import BundleReader, BundleWriter, V1Reader, open_checkpoint
from teachtf.core.errors import DataLossError, NotFoundError


def test_reads_what_tensorflow_wrote(golden, recorded):
    with open_checkpoint(golden / "v1") as reader:
        assert isinstance(reader, V1Reader)
        expected = recorded.v1_tensors()
        assert reader.names() == sorted(expected)
        for name, value in expected.items():
            got, value = reader.tensor(name), np.asarray(value)
            assert (got.dtype, got.shape, got.tolist()) == (value.dtype, value.shape, value.tolist())
        got += 1
        assert reader.verify() == []


def test_reads_partitioned_variables(golden):
    table = np.arange(390, dtype=np.float32).reshape(130, 3)
    with open_checkpoint(golden / "v1parts") as reader:
        assert reader.shapes() == {"emb": (130, 3), "whole": (2, 4), "whole2": (2, 4), "wide": (2, 4)}
        np.testing.assert_array_equal(reader.tensor("emb"), table)
        np.testing.assert_array_equal(reader.slice("emb", "68,4:1,1"), table[68:72, 1:2])


def test_reads_several_files_by_pattern(tmp_path, golden):
    for shard, name in enumerate(["v1", "v1parts"]):
        (tmp_path / f"m-{shard:05d}-of-00002").write_bytes((golden / name).read_bytes())
    with open_checkpoint(tmp_path / "m-?????-of-00002") as reader:
        assert reader.has("scalar") and reader.shape("emb") == (130, 3)
        assert reader.verify() == []


def test_every_damaged_byte_is_reported(tmp_path, golden):
    good = (golden / "v1parts").read_bytes()
    for at in range(len(good)):
        (tmp_path / "v1").write_bytes(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :])
        with pytest.raises(DataLossError):
            V1Reader(tmp_path / "v1")


def test_open_prefers_v2_and_names_what_is_there(tmp_path, golden):
    prefix = tmp_path / "model.ckpt-7"
    prefix.write_bytes((golden / "v1").read_bytes())
    with BundleWriter(prefix) as writer:
        writer.add("v", 1)
    assert isinstance(open_checkpoint(prefix), BundleReader)
    with pytest.raises(NotFoundError, match=r"any matching files for .*ckpt-8\. Checkpoints there: .*model\.ckpt-7"):
        open_checkpoint(tmp_path / "model.ckpt-8")
    with pytest.raises(NotFoundError, match=r"There is no checkpoint in"):
        open_checkpoint(tmp_path / "nowhere" / "model.ckpt")
    with pytest.raises(NotFoundError, match=r"Checkpoints there: .*model\.ckpt-7"):
        open_checkpoint(tmp_path)
    with pytest.raises(DataLossError, match=r"not an sstable.*Pass the checkpoint's prefix: .*model\.ckpt-7\."):
        open_checkpoint(f"{prefix}.data-00000-of-00001")
    with pytest.raises(NotFoundError, match="not found in checkpoint"):
        open_checkpoint(prefix).tensor("w")
