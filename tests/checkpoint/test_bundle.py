"""V2 checkpoints: TensorFlow's bytes, round trips, damage, crashes, merging."""

from __future__ import annotations

import itertools
import os

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from teachtf.checkpoint import BundleReader, BundleWriter, bundle, merge
from teachtf.core.errors import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    UnimplementedError,
)


def assert_same(got, expected):
    expected = np.asarray(expected)
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if got.dtype == object:
        assert got.tolist() == expected.tolist()
    else:
        assert got.tobytes() == expected.tobytes()


def save(prefix, **tensors):
    with BundleWriter(prefix) as writer:
        for name, value in tensors.items():
            writer.add(name, value)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def golden_files(golden, stem):
    return {path.name: path.read_bytes() for path in golden.glob(f"{stem}.*")}


def test_bytes_are_tensorflows(tmp_path, golden, recorded):
    with BundleWriter(tmp_path / "plain") as writer:
        for name, value in recorded.golden_tensors().items():
            writer.add(name, value)
    assert files(tmp_path) == golden_files(golden, "plain")


def test_bytes_of_slices_are_tensorflows(tmp_path, golden, recorded):
    with BundleWriter(tmp_path / "parts") as writer:
        for part in recorded.golden_parts():
            writer.add_slice(*part)
    assert files(tmp_path) == golden_files(golden, "parts")


def test_bytes_of_a_merge_are_tensorflows(tmp_path, golden, recorded):
    tensors, parts = list(recorded.golden_tensors().items()), recorded.golden_parts()
    for shard, some, slices in (("a", tensors[:5], parts[:1]), ("b", tensors[5:], parts[1:])):
        with BundleWriter(tmp_path / "temporary" / shard) as writer:
            for name, value in some:
                writer.add(name, value)
            for part in slices:
                writer.add_slice(*part)
    merge([tmp_path / "temporary" / "a", tmp_path / "temporary" / "b"], tmp_path / "merged")
    assert files(tmp_path) == golden_files(golden, "merged")


@pytest.mark.parametrize("stem", ["plain", "merged"])
def test_reads_what_tensorflow_wrote(golden, recorded, stem):
    reader = BundleReader(golden / stem)
    for name, value in recorded.golden_tensors().items():
        assert_same(reader.tensor(name), value)
        assert reader.shape(name) == np.shape(value)
    assert reader.verify() == []


def test_reads_partitioned_variables(golden):
    reader = BundleReader(golden / "parts")
    table = np.arange(390, dtype=np.float32).reshape(130, 3)
    assert reader.names() == ["emb", "whole", "whole2", "wide"]
    assert reader.shapes()["emb"] == (130, 3)
    assert list(map(str, reader.slices("emb"))) == ["0,70:-", "70,60:-"]
    assert_same(reader.tensor("emb"), table)
    assert_same(reader.slice("emb", "68,4:1,1"), table[68:72, 1:2])
    assert_same(reader.slice("emb", [(70, 60), (0, -1)]), table[70:])
    assert_same(reader.slice("whole", "-:2,2"), np.arange(8, dtype=np.int32).reshape(2, 4)[:, 2:])


NUMBERS = st.sampled_from(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16", "?", ">f4"])
ARRAYS = NUMBERS.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))
TEXTS = hnp.arrays(object, hnp.array_shapes(min_dims=0, max_side=3), elements=st.binary(max_size=300))
NAMES = st.text(min_size=1, max_size=12).filter(lambda name: not any("\ud800" <= c <= "\udfff" for c in name))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tensors=st.dictionaries(NAMES, ARRAYS | TEXTS, max_size=5))
def test_round_trip(tmp_path, tensors):
    save(tmp_path / "m", **{})
    with BundleWriter(tmp_path / "m") as writer:
        for name, value in tensors.items():
            writer.add(name, value)
    with BundleReader(tmp_path / "m") as reader:
        assert reader.names() == sorted(tensors)
        for name, value in tensors.items():
            assert_same(reader.tensor(name), value.astype(value.dtype.newbyteorder("=")))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), rows=st.integers(1, 300), columns=st.integers(1, 3))
def test_round_trip_in_slices(tmp_path, data, rows, columns):
    full = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns)
    cuts = sorted({0, rows, *data.draw(st.lists(st.integers(0, rows), max_size=4))})
    with BundleWriter(tmp_path / "m") as writer:
        for start, stop in itertools.pairwise(cuts):
            writer.add_slice("v", full.shape, f"{start},{stop - start}:-", full[start:stop])
    start = data.draw(st.integers(0, rows - 1))
    length = data.draw(st.integers(1, rows - start))
    with BundleReader(tmp_path / "m") as reader:
        assert_same(reader.tensor("v"), full)
        assert_same(reader.slice("v", f"{start},{length}:-"), full[start : start + length])


def test_not_contiguous_and_text_arrays(tmp_path):
    square = np.arange(6).reshape(2, 3)
    save(tmp_path / "m", turned=square.T, text=np.array(["a", "ü"]), raw=np.array([b"xy"]), word="w", number=3)
    reader = BundleReader(tmp_path / "m")
    assert_same(reader.tensor("turned"), np.ascontiguousarray(square.T))
    assert reader.tensor("text").tolist() == [b"a", "ü".encode()]
    assert reader.tensor("raw").tolist() == [b"xy"]
    assert reader.tensor("word").item() == b"w"
    assert reader.dtypes()["text"] == np.dtype(object) and reader.dtype_number("number") == 9


def test_large_array_crosses_chunks(tmp_path):
    value = np.random.default_rng(0).random(700_001, np.float32)
    save(tmp_path / "m", v=value)
    assert_same(BundleReader(tmp_path / "m").tensor("v"), value)


def test_many_tensors_at_once(tmp_path):
    values = {f"v{i}": np.full(200_000, i, np.int32) for i in range(8)}
    save(tmp_path / "m", **values)
    with BundleReader(tmp_path / "m") as reader:
        got = reader.tensors()
        assert list(got) == sorted(values)
        for name, value in values.items():
            assert_same(got[name], value)
        assert list(reader.tensors(["v3", "v1"])) == ["v3", "v1"]
    data = tmp_path / "m.data-00000-of-00001"
    with data.open("r+b") as file:
        file.seek(800_000 * 5 + 3)
        file.write(b"\x01")
    with BundleReader(tmp_path / "m") as reader, pytest.raises(DataLossError, match="tensor v5 stands"):
        reader.tensors()


def test_every_damaged_byte_is_reported(tmp_path, golden, recorded):
    """A flipped bit, wherever it is, raises or leaves the value right; it never gives a wrong value."""
    expected = recorded.golden_tensors()
    for source in sorted(golden.glob("plain.*")):
        for other in golden.glob("plain.*"):
            (tmp_path / other.name).write_bytes(other.read_bytes())
        good = source.read_bytes()
        for at in range(len(good)):
            (tmp_path / source.name).write_bytes(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :])
            bad = []
            try:
                with BundleReader(tmp_path / "plain") as reader:
                    for name in expected:
                        try:
                            assert_same(reader.tensor(name), expected[name])
                        except DataLossError:
                            bad.append(name)
            except DataLossError:
                bad = ["index"]
            assert len(bad) == 1, (source.name, at, bad)


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_every_cut_is_reported(tmp_path, golden, suffix):
    for other in golden.glob("plain.*"):
        (tmp_path / other.name).write_bytes(other.read_bytes())
    good = (golden / f"plain{suffix}").read_bytes()
    for length in range(0, len(good), 7):
        (tmp_path / f"plain{suffix}").write_bytes(good[:length])
        try:
            reader = BundleReader(tmp_path / "plain")
        except DataLossError:
            continue
        lost = reader.verify()
        assert lost
        for name in lost:
            with pytest.raises(DataLossError):
                reader.tensor(name)


def test_the_message_names_file_tensor_bytes_and_the_rest(tmp_path):
    save(tmp_path / "m-1", b=np.zeros(1))
    save(tmp_path / "m-2", a=np.zeros(4, np.float32), b=np.ones(2, np.float32), c=np.array([b"text"]))
    data = tmp_path / "m-2.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:17] + b"\xff" + data.read_bytes()[18:])
    reader = BundleReader(tmp_path / "m-2")
    with pytest.raises(DataLossError) as error:
        reader.tensor("b")
    text = str(error.value)
    for part in (str(data), "bytes 16 to 24", "tensor b ", "Still readable: a, c.", f"{tmp_path}/m-1"):
        assert part in text
    assert reader.verify() == ["b"]


def test_missing_names_and_files(tmp_path):
    save(tmp_path / "model.ckpt-10", **{"layer/kernel": np.zeros((2, 3)), "step": 1})
    reader = BundleReader(tmp_path / "model.ckpt-10")
    assert reader.has("step") and not reader.has("stp")
    with pytest.raises(NotFoundError, match=r"Key layer_1/kernel not found .*Closest names: layer/kernel \[2, 3\]"):
        reader.tensor("layer_1/kernel")
    with pytest.raises(NotFoundError, match=r"Checkpoints there: .*model\.ckpt-10"):
        BundleReader(tmp_path / "model.ckpt-11")
    (tmp_path / "model.ckpt-10.data-00000-of-00001").unlink()
    with pytest.raises(NotFoundError, match="has its index but not this data file"):
        reader.tensor("step")


def test_slices_that_do_not_fit(tmp_path):
    values = np.zeros((2, 3), np.float32)
    with BundleWriter(tmp_path / "m") as writer:
        writer.add_slice("v", (6, 3), "0,2:-", values)
        for args, message in [
            (("v", (6, 3), "0,2:-", values), "duplicate"),
            (("v", (7, 3), "2,2:-", values), "differs"),
            (("v", (6, 3), "2,2:-", values.astype(np.float64)), "differs"),
            (("v", (6, 3), "5,2:-", values), "out of bounds"),
            (("v", (6, 3), "2,3:-", values), "has shape"),
            (("v", (6, 3), "2,2", values), "1 axes"),
        ]:
            with pytest.raises(InvalidArgumentError, match=message):
                writer.add_slice(*args)
    reader = BundleReader(tmp_path / "m")
    assert_same(reader.slice("v", "0,1:-"), values[:1])
    with pytest.raises(InvalidArgumentError, match="sufficient slices"):
        reader.tensor("v")


def test_values_that_do_not_fit(tmp_path):
    writer = BundleWriter(tmp_path / "m")
    writer.add("a", 1)
    for name, value, message in [("a", 2, "duplicate"), ("", 2, "empty"), ("d", np.datetime64("2020"), "dtype")]:
        with pytest.raises(InvalidArgumentError, match=message):
            writer.add(name, value)
    with pytest.raises(InvalidArgumentError, match="element 1 is int"):
        writer.add("t", np.array(["a", 1], object))
    writer.finish()
    assert BundleReader(tmp_path / "m").names() == ["a"]
    with pytest.raises(FailedPreconditionError):
        writer.add("z", 1)
    with pytest.raises(FailedPreconditionError):
        writer.finish()


def test_a_failed_block_leaves_nothing(tmp_path):
    save(tmp_path / "m", v=1)
    before = files(tmp_path)
    with pytest.raises(KeyError), BundleWriter(tmp_path / "m") as writer:
        writer.add("v", 2)
        raise KeyError
    assert files(tmp_path) == before


@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize("first", [True, False])
def test_a_crash_leaves_old_or_new(tmp_path, monkeypatch, step, first):
    """A process that dies before, between or after the two renames: what can be read is whole."""
    if not first:
        save(tmp_path / "m", v=np.zeros(3))
        # A real crash comes later than the clock's tick after the last save.
        for path in tmp_path.iterdir():
            os.utime(path, ns=(1, os.stat(path).st_mtime_ns - 10**9))
    done = []
    real = os.replace

    class Crash(BaseException):
        pass

    def replace(source, target):
        if len(done) == step:
            raise Crash
        done.append(target)
        real(source, target)

    writer = BundleWriter(tmp_path / "m")
    writer.add("v", np.ones(3))
    monkeypatch.setattr(os, "replace", replace)
    # A dead process cleans nothing up.
    monkeypatch.setattr(BundleWriter, "discard", lambda self: self._file.close())
    if step < 2:
        with pytest.raises(Crash):
            writer.finish()
    else:
        writer.finish()
    monkeypatch.undo()
    if first and step < 2:
        with pytest.raises(NotFoundError):
            BundleReader(tmp_path / "m")
    else:
        assert BundleReader(tmp_path / "m").tensor("v").tolist() == ([0] * 3 if step == 0 else [1] * 3)
    save(tmp_path / "m", v=np.full(3, 2.0))
    assert BundleReader(tmp_path / "m").tensor("v").tolist() == [2] * 3


def test_merge_refuses_doubles_and_moves_nothing(tmp_path):
    save(tmp_path / "a", v=1)
    save(tmp_path / "b", v=2)
    before = files(tmp_path)
    with pytest.raises(InvalidArgumentError, match="Duplicate tensor keyed by v"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "c")
    with pytest.raises(NotFoundError):
        merge([tmp_path / "a", tmp_path / "missing"], tmp_path / "c")
    assert files(tmp_path) == before


def test_merge_removes_emptied_folders(tmp_path):
    save(tmp_path / "temporary" / "part-0", v=1)
    merge([tmp_path / "temporary" / "part-0"], tmp_path / "m")
    assert sorted(files(tmp_path)) == ["m.data-00000-of-00001", "m.index"]
    assert BundleReader(tmp_path / "m").tensor("v") == 1


def rewritten(prefix, change):
    """Changes a checkpoint's index: `change(header, entries)`."""
    header, entries = bundle.read_index(f"{prefix}.index")
    change(header, entries)
    bundle.write_index(f"{prefix}.index", header, entries)


def test_big_endian_checkpoints(tmp_path):
    value = np.array([[1, 2], [3, 4]], np.float32)
    small = np.array([1.5, -2], ml_dtypes.bfloat16)
    save(tmp_path / "m", v=value.byteswap(), c=np.array([1 + 2j]).byteswap(), b=small.view("u2").byteswap())

    def change(header, entries):
        header.endianness = 1
        entries[b"b"].dtype = 14

    rewritten(tmp_path / "m", change)
    reader = BundleReader(tmp_path / "m")
    assert_same(reader.tensor("v"), value)
    assert_same(reader.tensor("c"), np.array([1 + 2j]))
    assert_same(reader.tensor("b"), small)


def test_what_cannot_be_read(tmp_path):
    save(tmp_path / "m", v=1, w=2)
    rewritten(tmp_path / "m", lambda header, entries: setattr(entries[b"v"], "dtype", 21))
    reader = BundleReader(tmp_path / "m")
    with pytest.raises(UnimplementedError, match="variant"):
        reader.tensor("v")
    assert reader.tensor("w") == 2 and reader.verify() == ["v"]
    rewritten(tmp_path / "m", lambda header, entries: setattr(header.version, "min_consumer", 2))
    with pytest.raises(InvalidArgumentError, match="version 2"):
        BundleReader(tmp_path / "m")
