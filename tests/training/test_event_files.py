"""Event files: TensorBoard's own reader reads them, and waiting events reach the disk in time."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

import teachtf as tf


def kinds(folder):
    (path,) = folder.iterdir()
    return [e.WhichOneof("what") for e in tf.train.summary_iterator(str(path))]


def test_tensorboard_reads_what_was_written(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    x = tf.placeholder(tf.float32, [None])
    tf.summary.scalar("level", tf.reduce_mean(x))
    tf.summary.histogram("x", x)
    tf.summary.image("picture", tf.reshape(x, [1, 2, 2, 1]))
    tf.summary.audio("sound", tf.reshape(x, [1, 4]), 8000)
    tf.summary.text("note", tf.constant("hello"))
    everything = tf.summary.merge_all()
    with tf.Session() as sess, tf.summary.FileWriter(str(tmp_path), sess.graph) as writer:
        for step in range(3):
            writer.add_summary(sess.run(everything, {x: np.arange(4) + step}), step)
    found = EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in found.Scalars("level")] == [(0, 1.5), (1, 2.5), (2, 3.5)]
    assert found.Histograms("x")[-1].histogram_value.num == 4
    picture = found.Images("picture/image/0")[0]
    assert (picture.width, picture.height, picture.encoded_image_string[1:4]) == (2, 2, b"PNG")
    assert found.Audio("sound/audio/0")[0].content_type == "audio/wav"
    assert found.Tensors("note")[0].tensor_proto.string_val[0] == b"hello"
    assert any(n.op == "MergeSummary" for n in found.Graph().node)


def test_events_wait_for_the_queue_or_the_clock(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path), max_queue=3, flush_secs=0.2)
    assert kinds(tmp_path) == ["file_version"]
    for step in range(3):
        assert kinds(tmp_path) == ["file_version"]
        writer.add_summary(tf.Summary(), step)
    assert kinds(tmp_path) == ["file_version", *["summary"] * 3]
    writer.add_summary(tf.Summary(), 4)
    limit = time.monotonic() + 10
    while len(kinds(tmp_path)) < 5 and time.monotonic() < limit:
        time.sleep(0.05)
    assert len(kinds(tmp_path)) == 5
    writer.close()


def test_a_closed_writer_warns_and_opens_a_new_file(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path))
    writer.close()
    with pytest.warns(UserWarning, match="Attempting to use a closed FileWriter"):
        writer.add_summary(tf.Summary())
    writer.reopen()
    writer.add_summary(tf.Summary(), 1)
    writer.close()
    assert len(os.listdir(tmp_path)) == 2


def test_a_cache_keeps_one_writer_a_folder(tmp_path):
    tf.constant(1.0)
    writer = tf.summary.FileWriterCache.get(str(tmp_path))
    assert tf.summary.FileWriterCache.get(str(tmp_path)) is writer
    tf.summary.FileWriterCache.clear()
    assert kinds(tmp_path) == ["file_version", "graph_def", "meta_graph_def"]


def test_a_session_of_its_own_is_refused(tmp_path):
    with pytest.raises(NotImplementedError, match="leave session out"):
        tf.summary.FileWriter(str(tmp_path), session=object())
