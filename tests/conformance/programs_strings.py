"""Tensors of strings: graphs and values."""

from __future__ import annotations

from harness import Programs, describe_graph, error, static

programs = Programs()
WORDS = ["one fish", " two,fish ", "", "Red"]
CASES = {
    "join": lambda tf: tf.string_join([WORDS, "x", WORDS], separator="-"),
    "strip": lambda tf: tf.string_strip(WORDS),
    "lower": lambda tf: [tf.strings.lower(WORDS), tf.strings.upper(WORDS)],
    "length": lambda tf: [tf.strings.length(WORDS), tf.strings.length(["\u00e4b"], unit="UTF8_CHAR")],
    "to_number": lambda tf: [tf.string_to_number(["1.5", "-2"]), tf.string_to_number(["7"], tf.int64)],
    "as_string": lambda tf: [tf.as_string([1, -20]), tf.as_string([1.5, 2.0]), tf.as_string([True, False])],
    "as_string_format": lambda tf: [tf.as_string([3.14159], precision=2), tf.as_string([7], width=4, fill="0")],
    "substr": lambda tf: [tf.substr(["hello", "world"], 1, 3), tf.substr(["hello", "world"], [1, -2], [9, 1])],
    "replace": lambda tf: tf.regex_replace(WORDS, "(f)ish", r"\1ox"),
    "full_match": lambda tf: tf.strings.regex_full_match(WORDS, ".*fish"),
    "reduce_join": lambda tf: [
        tf.reduce_join([["a", "b"], ["c", "d"]]),
        tf.reduce_join([["a", "b"], ["c", "d"]], 0, separator="+"),
    ],
    "reduce_join_keep": lambda tf: tf.reduce_join([["a", "b"], ["c", "d"]], -1, keep_dims=True),
    "base64": lambda tf: [tf.encode_base64(WORDS), tf.decode_base64(tf.encode_base64(WORDS, pad=True))],
    "decode_raw": lambda tf: [tf.decode_raw(["\x01\x00\x02\x00"], tf.int16), tf.decode_raw(["ab", "cd"], tf.uint8)],
    "split": lambda tf: _parts(tf.string_split(WORDS, " ,")),
}


def _parts(sparse):
    return [sparse.indices, sparse.values, sparse.dense_shape]


def _program(build):
    def program(tf):
        out = build(tf)
        outs = out if isinstance(out, list) else [out]
        with tf.Session() as sess:
            return {"static": static(*outs), "graph": describe_graph(tf), "values": sess.run(outs)}

    return program


for _name, _build in CASES.items():
    programs.add(_name, _program(_build))


@programs
def errors_of_runs(tf):
    calls = {
        "number": lambda: tf.string_to_number(["x"]),
        "substr": lambda: tf.substr(["abc"], 5, 1),
        "raw": lambda: tf.decode_raw(["abc"], tf.int16),
    }
    with tf.Session() as sess:
        return {k: error(tf, lambda c=c: sess.run(c())) for k, c in calls.items()}
