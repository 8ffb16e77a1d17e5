"""Summaries: their nodes, names, collections and messages; event files, records and examples."""

from __future__ import annotations

import glob
import os
import struct
import tempfile

import numpy as np
from harness import Programs, collections, describe_graph, error

programs = Programs()


def told(tf, serialized):
    """A summary's values: tags, numbers, and the bytes of what is not compressed."""
    values = []
    for value in tf.Summary.FromString(serialized).value:
        kind = value.WhichOneof("value")
        facts = {"tag": value.tag, "kind": kind}
        if kind == "simple_value":
            facts["value"] = value.simple_value
        elif kind == "histo":
            h = value.histo
            facts |= {"moments": [h.min, h.max, h.num, h.sum, h.sum_squares]}
            facts |= {"limits": np.array(h.bucket_limit), "counts": list(h.bucket)}
        elif kind == "image":
            image = value.image
            size = struct.unpack(">IIBB", image.encoded_image_string[16:26])
            facts |= {"image": [image.height, image.width, image.colorspace], "header": list(size)}
            facts["pixels"] = pixels(tf, image)
        elif kind == "audio":
            a = value.audio
            facts |= {"audio": [a.sample_rate, a.num_channels, a.length_frames, a.content_type]}
            facts["bytes"] = list(a.encoded_audio_string)
        else:
            facts |= {"tensor": np.asarray(tf.make_ndarray(value.tensor)), "plugin": value.metadata.plugin_data.plugin_name}
            facts["shown"] = value.metadata.display_name
        values.append(facts)
    return values


def pixels(tf, image):
    with tf.Graph().as_default(), tf.Session() as sess:
        return sess.run(tf.image.decode_png(image.encoded_image_string))


@programs
def scalars(tf):
    with tf.name_scope("losses"):
        a = tf.summary.scalar("loss", tf.constant(0.25))
        b = tf.summary.scalar("loss", 7)
    c = tf.summary.scalar("accuracy 100%", tf.constant(0.5, tf.float64), collections=["mine", "yours"])
    d = tf.summary.scalar("step", np.int64(3), family="train")
    with tf.name_scope("outer"):
        e = tf.summary.scalar("step", tf.constant([2.5]), family="train it")
    with tf.Session() as sess:
        values = [told(tf, v) for v in sess.run([a, b, c, d])]
        wrong = error(tf, lambda: sess.run(e), "tags and values")
    return {"graph": describe_graph(tf), "collections": collections(tf), "values": values, "wrong": wrong}


@programs
def scalar_of_each_type(tf):
    types = [tf.float16, tf.float32, tf.float64, tf.int8, tf.int32, tf.int64, tf.uint8, tf.uint16]
    nodes = [tf.summary.scalar(f"as_{t.name}", tf.constant(3, t)) for t in types]
    with tf.Session() as sess:
        values = [told(tf, v) for v in sess.run(nodes)]
    wrong = error(tf, lambda: tf.summary.scalar("no", tf.constant(True)))
    return {"values": values, "wrong": wrong}


@programs
def histograms(tf):
    r = np.random.RandomState(1)
    given = [
        r.randn(50).astype(np.float32),
        np.float32([[1, 2], [3, 4]]),
        np.zeros([0], np.float32),
        np.float32([0, 0, 0]),
        np.float64([-1e30, 1e30, 1e-15, -1e-15]),
        np.int32([5, -5, 5]),
        np.float32(2.5),
    ]
    nodes = [tf.summary.histogram(f"h{i}", v) for i, v in enumerate(given)]
    with tf.Session() as sess:
        values = [told(tf, v) for v in sess.run(nodes)]
    return {"graph": describe_graph(tf), "values": values, "collections": collections(tf)}


@programs
def histogram_of_what_is_not_finite(tf):
    x = tf.placeholder(tf.float32, [None])
    node = tf.summary.histogram("weights", x)
    with tf.Session() as sess:
        nan = error(tf, lambda: sess.run(node, {x: [1, np.nan]}), "Nan in summary histogram for: weights")
        infinite = error(tf, lambda: sess.run(node, {x: [1, np.inf]}), "Infinity in Histogram for: weights")
    return [nan, infinite]


def images_program(images, **options):
    def program(tf):
        node = tf.summary.image("pictures", tf.constant(images), **options)
        with tf.Session() as sess:
            values = told(tf, sess.run(node))
        return {"graph": describe_graph(tf), "values": values}

    return program


_R = np.random.RandomState(3)
_PICTURES = {
    "uint8_rgb": (_R.randint(0, 256, [4, 3, 5, 3]).astype(np.uint8), {}),
    "uint8_grey": (_R.randint(0, 256, [2, 3, 5, 1]).astype(np.uint8), {"max_outputs": 1}),
    "float_rgba": (_R.rand(2, 3, 2, 4).astype(np.float32), {"max_outputs": 5}),
    "float_signed": (_R.randn(1, 3, 2, 1).astype(np.float32), {}),
    "float_flat": (np.zeros([1, 2, 2, 3], np.float32), {}),
    "float_not_finite": (np.float32([np.nan, 1, 2, np.inf, -1, 0.5]).reshape(1, 2, 1, 3), {}),
    "half": (_R.rand(1, 3, 2, 1).astype(np.float16), {}),
}
for _name, (_images, _options) in _PICTURES.items():
    programs.add(f"images_{_name}", images_program(_images, **_options))


@programs
def images_of_a_wrong_shape(tf):
    x = tf.placeholder(tf.float32)
    node = tf.summary.image("i", x)
    with tf.Session() as sess:
        rank = error(tf, lambda: sess.run(node, {x: np.zeros([2, 2, 1])}), "must be 4-D")
        channels = error(tf, lambda: sess.run(node, {x: np.zeros([1, 2, 2, 2])}), "must be 4-D")
    none = error(tf, lambda: tf.summary.image("j", x, max_outputs=0))
    return {"rank": rank, "channels": channels, "none": none, "dtype": error(tf, lambda: tf.summary.image("k", [1]))}


@programs
def sounds(tf):
    x = np.float32([[0, 0.5, -0.5, 1], [2, -2, 0.25, 1e-5]])
    a = tf.summary.audio("mono", x, 44100)
    b = tf.summary.audio("stereo", tf.constant(x.reshape(1, 4, 2)), tf.constant(8000.0), max_outputs=1)
    with tf.Session() as sess:
        values = [told(tf, v) for v in sess.run([a, b])]
    return {"graph": describe_graph(tf), "values": values}


@programs
def texts(tf):
    a = tf.summary.text("note", tf.constant("one *two*"))
    b = tf.summary.text("table", tf.constant([["a", "b"], ["c", "d"]]), collections=[])
    with tf.Session() as sess:
        values = [told(tf, v) for v in sess.run([a, b])]
    wrong = error(tf, lambda: tf.summary.text("no", tf.constant(1)), "to have dtype string, got")
    return {"values": values, "wrong": wrong, "collections": collections(tf)}


@programs
def tensors(tf):
    a = tf.summary.tensor_summary("t", tf.constant([[1.5, 2.5]]), display_name="shown", family="f")
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": told(tf, sess.run(a))}


@programs
def merged(tf):
    a = tf.summary.scalar("a", 1.0)
    b = tf.summary.histogram("b", [1.0, 2.0])
    with tf.name_scope("late"):
        tf.summary.scalar("c", 3.0)
    m = tf.summary.merge([a, b])
    named = tf.summary.merge([a], name="just a", collections=["merged"])
    everything = tf.summary.merge_all()
    late = tf.summary.merge_all(scope="late", name="all_late")
    twice = tf.summary.merge([m, a])
    with tf.Session() as sess:
        values = [told(tf, v) for v in sess.run([m, named, everything, late])]
        wrong = error(tf, lambda: sess.run(twice), "Duplicate tag a found in summary inputs")
    nothing = tf.summary.merge_all(key="nothing")
    return {"graph": describe_graph(tf), "values": values, "wrong": wrong, "nothing": nothing, "collections": collections(tf)}


@programs
def merge_nothing(tf):
    return [error(tf, lambda: tf.summary.merge([])), error(tf, lambda: tf.summary.merge([tf.constant(1.0)]))]


@programs
def histogram_without_a_name(tf):
    return [tf.summary.histogram(None, [1.0]).name, error(tf, lambda: tf.summary.scalar(None, 1.0))]


def events_of(tf, folder):
    """What the newest event file holds, without times."""
    facts = []
    paths = sorted(glob.glob(os.path.join(folder, "events.out.tfevents.*")))
    for path in paths:
        for event in tf.train.summary_iterator(path):
            kind = event.WhichOneof("what")
            more = told(tf, event.summary.SerializeToString()) if kind == "summary" else None
            facts.append([kind, event.step, event.wall_time > 1e9, more])
    return facts


@programs
def a_training_run(tf):
    w = tf.Variable([1.0, 2.0], name="w")
    loss = tf.reduce_sum(tf.square(w))
    tf.summary.scalar("loss", loss)
    tf.summary.histogram("w", w)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    everything = tf.summary.merge_all()
    with tempfile.TemporaryDirectory() as folder:
        with tf.Session() as sess, tf.summary.FileWriter(folder, sess.graph) as writer:
            sess.run(tf.global_variables_initializer())
            for step in range(3):
                line = sess.run(everything)
                sess.run(train)
                writer.add_summary(line, step)
        return events_of(tf, folder)


@programs
def the_other_events(tf):
    tf.constant(1.0)
    facts = {}
    with tempfile.TemporaryDirectory() as folder:
        writer = tf.summary.FileWriter(os.path.join(folder, "deep", "er"), filename_suffix=".mine")
        facts["folder"] = os.path.relpath(writer.get_logdir(), folder)
        writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 1)
        writer.add_graph(tf.get_default_graph(), 2)
        writer.add_meta_graph(tf.train.export_meta_graph(), 3)
        writer.add_run_metadata(tf.RunMetadata(), "step 4", 4)
        writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="by hand", simple_value=2.0)]), np.int64(5))
        writer.add_event(tf.Event(step=6, wall_time=1e9 + 5, summary=tf.Summary()))
        facts["again"] = error(tf, lambda: writer.add_run_metadata(tf.RunMetadata(), "step 4"), "already used")
        facts["both"] = error(tf, lambda: writer.add_graph(tf.Graph(), graph_def=tf.GraphDef()), "not both")
        facts["neither"] = error(tf, lambda: writer.add_graph(3))
        facts["meta"] = error(tf, lambda: writer.add_meta_graph(3))
        writer.flush()
        writer.close()
        writer.close()
        paths = os.listdir(writer.get_logdir())
        facts["name"] = [[p.startswith("events.out.tfevents."), p.endswith(".mine")] for p in paths]
        facts["events"] = events_of(tf, writer.get_logdir())
    return facts


@programs
def metadata_are_written_once(tf):
    node = tf.summary.text("note", tf.constant("hello"))
    with tempfile.TemporaryDirectory() as folder:
        with tf.Session() as sess, tf.summary.FileWriter(folder) as writer:
            for step in range(2):
                writer.add_summary(sess.run(node), step)
        return events_of(tf, folder)


@programs
def records(tf):
    facts = {}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.tfrecord")
        kinds = tf.python_io.TFRecordCompressionType
        for name, options in {
            "plain": None,
            "gzip": tf.python_io.TFRecordOptions(kinds.GZIP),
            "zlib": tf.python_io.TFRecordOptions(kinds.ZLIB),
            "none": tf.python_io.TFRecordOptions(kinds.NONE),
        }.items():
            with tf.python_io.TFRecordWriter(path, options=options) as writer:
                writer.write(b"one")
                writer.write(b"")
                writer.write(bytes(range(256)))
            facts[name] = [len(r) for r in tf.python_io.tf_record_iterator(path, options)]
        facts["size"] = os.path.getsize(path)
        with open(path, "rb") as file:
            data = file.read()
        facts["bytes"] = list(data[:40])
        for what, broken in {"cut": data[:30], "length": b"x" + data[1:], "data": data[:13] + b"x" + data[14:]}.items():
            with open(path, "wb") as file:
                file.write(broken)
            facts[what] = error(tf, lambda: list(tf.python_io.tf_record_iterator(path)), "record at")
        facts["none"] = error(tf, lambda: list(tf.python_io.tf_record_iterator(path + "no")))
        facts["kind"] = error(tf, lambda: tf.python_io.TFRecordOptions("BZIP"), "Not a valid compression_type")
        writer = tf.python_io.TFRecordWriter(path)
        writer.close()
        writer.close()
        facts["closed"] = error(tf, lambda: writer.write(b"x"))
    return facts


@programs
def examples(tf):
    feature = {
        "name": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"ab", b""])),
        "size": tf.train.Feature(int64_list=tf.train.Int64List(value=[3, -4])),
        "weights": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, 1.5])),
        "nothing": tf.train.Feature(),
    }
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    example.features.feature["more"].int64_list.value.extend([1, 2])
    data = example.SerializeToString(deterministic=True)
    back = tf.train.Example.FromString(data)
    sequence = tf.train.SequenceExample(
        context=tf.train.Features(feature={"id": feature["size"]}),
        feature_lists=tf.train.FeatureLists(
            feature_list={"steps": tf.train.FeatureList(feature=[feature["weights"], feature["weights"]])}
        ),
    )
    return {
        "data": list(data),
        "text": str(tf.train.Example(features=tf.train.Features(feature={"size": feature["size"]}))),
        "kinds": {k: v.WhichOneof("kind") for k, v in sorted(back.features.feature.items())},
        "values": list(back.features.feature["size"].int64_list.value),
        "sequence": list(sequence.SerializeToString(deterministic=True)),
    }
