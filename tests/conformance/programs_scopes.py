"""Variable scopes and name scopes, by hand and in random nestings."""

from __future__ import annotations

import random

from harness import Programs, describe_graph, error, op_names

programs = Programs()


@programs
def name_scopes(tf):
    names = []
    with tf.name_scope("a") as a:
        names += [a, tf.no_op().name, tf.constant(1, name="c").name]
        with tf.name_scope("b") as b:
            names += [b, tf.no_op(name="x").name]
        with tf.name_scope("b") as b2:
            names += [b2, tf.no_op(name="x").name]
        with tf.name_scope(a) as same:
            names += [same, tf.no_op(name="x").name]
        with tf.name_scope(None) as top:
            names += [top, tf.no_op(name="x").name]
        with tf.name_scope("") as top:
            names += [top, tf.no_op(name="x").name]
    with tf.name_scope("a") as a2:
        names += [a2, tf.no_op().name]
    with tf.name_scope("p/q") as deep:
        names += [deep, tf.no_op().name]
    with tf.name_scope("b/") as open_again:
        names += [open_again, tf.no_op(name="x").name]
    return {"names": names, "graph": op_names(tf)}


@programs
def old_name_scope_forms(tf):
    x = tf.constant(1.0)
    with tf.name_scope(None, "default", [x]) as one:
        a = tf.no_op(name="a")
    with tf.name_scope("given", "default", [x]) as two:
        b = tf.no_op(name="b")
    with tf.name_scope(name="keyword", values=[x]) as three:
        c = tf.no_op(name="c")
    return {"names": [one, a.name, two, b.name, three, c.name]}


@programs
def bad_names(tf):
    def scope(name):
        with tf.name_scope(name):
            pass

    bad = ["_a", "a b", "-a", "a:0", "ä", ">a"]
    return {
        "scopes": {n: error(tf, lambda n=n: scope(n), "is not a valid") for n in bad},
        "ops": {n: error(tf, lambda n=n: tf.no_op(name=n)) for n in bad},
        "graph": op_names(tf),
    }


@programs
def unique_names(tf):
    graph = tf.get_default_graph()
    a = [tf.constant(1, name="a").op.name, tf.constant(1, name="a").op.name, tf.constant(1, name="A").op.name]
    b = [tf.constant(1, name="a_1").op.name, tf.constant(1, name="a").op.name]
    c = [graph.unique_name("a"), graph.unique_name("a", mark_as_used=False), graph.unique_name("a"), graph.unique_name("B/b")]
    with tf.name_scope("a"):
        d = [tf.constant(1, name="a").op.name]
    return {"names": [a, b, c, d], "graph": op_names(tf)}


@programs
def variable_scope_and_name_scope_part(tf):
    names = []

    def note():
        scope = tf.get_variable_scope()
        names.append([scope.name, scope.original_name_scope, tf.no_op().name])

    with tf.variable_scope("a"):
        note()
        with tf.variable_scope("b"):
            note()
        with tf.variable_scope("b"):
            note()
    with tf.variable_scope("a"):
        note()
    with tf.name_scope("n"), tf.variable_scope("a"):
        note()
        v = tf.get_variable("v", [1])
    w = tf.get_variable("a_w", [1])
    note()
    return {"names": names, "variables": [v.name, w.name], "graph": op_names(tf)}


@programs
def default_names_are_made_unique(tf):
    names = []
    for _ in range(3):
        with tf.variable_scope(None, "layer") as scope:
            names.append([scope.name, tf.get_variable("w", [1]).name, tf.no_op().name])
    with tf.variable_scope("layer_3") as scope:
        names.append([scope.name, tf.get_variable("w", [1]).name])
    with tf.variable_scope(None, "layer") as scope:
        names.append([scope.name, tf.get_variable("w", [1]).name])
    with tf.variable_scope("outer"), tf.variable_scope(None, "layer") as scope:
        names.append([scope.name, tf.get_variable("w", [1]).name])
    with tf.variable_scope("outer"), tf.variable_scope(None, "layer") as scope:
        # Entering a scope again starts the count of its default names again.
        names.append([scope.name, error(tf, lambda: tf.get_variable("w", [1]), "outer/layer/w already exists")])
    return {"names": names, "graph": op_names(tf)}


@programs
def variables_by_class_in_scopes(tf):
    names = []
    for _ in range(2):
        with tf.variable_scope("s"):
            names += [tf.Variable(1.0, name="v").name, tf.get_variable("g" + str(len(names)), [1]).name]
        with tf.name_scope("s"):
            names += [tf.Variable(1.0, name="v").name, tf.get_variable("h" + str(len(names)), [1]).name]
    return {"names": names, "graph": op_names(tf)}


@programs
def auto_reuse(tf):
    def layer():
        with tf.variable_scope("layer", reuse=tf.AUTO_REUSE):
            return tf.get_variable("w", [2]) * 2.0

    a, b = layer(), layer()
    return {"names": [a.name, b.name], "variables": tf.global_variables(), "graph": op_names(tf)}


@programs
def reuse_errors(tf):
    def make(reuse, name="v", shape=(1,), dtype=None):
        with tf.variable_scope("s", reuse=reuse):
            return tf.get_variable(name, list(shape), **({} if dtype is None else {"dtype": dtype}))

    make(None)
    return {
        "exists": error(
            tf,
            lambda: make(None),
            "Variable s/v already exists, disallowed.",
            "Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?",
            "Originally defined at:",
        ),
        "missing": error(
            tf,
            lambda: make(True, "w"),
            "Variable s/w does not exist, or was not created with tf.get_variable().",
            "Did you mean to set reuse=tf.AUTO_REUSE in VarScope?",
        ),
        "shape": error(
            tf,
            lambda: make(True, "v", (2,)),
            "Trying to share variable s/v, but specified shape (2,) and found shape (1,).",
        ),
        "dtype": error(
            tf,
            lambda: make(True, "v", (1,), tf.int32),
            "Trying to share variable s/v, but specified dtype int32 and found dtype float32",
        ),
        "no shape": error(
            tf,
            lambda: tf.get_variable("u"),
            "u",
        ),
        "vague shape": error(
            tf,
            lambda: tf.get_variable("u2", [None, 2]),
            "fully defined",
        ),
        "no name": error(tf, lambda: tf.variable_scope(None).__enter__(), "name_or_scope is required"),
        "graph": op_names(tf),
    }


@programs
def scope_properties(tf):
    with tf.variable_scope("s", initializer=tf.constant_initializer(4.0), dtype=tf.float64) as scope:
        v = tf.get_variable("v", [2])
        with tf.variable_scope("t", dtype=tf.float32):
            w = tf.get_variable("w", [2])
            inner = tf.get_variable_scope()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run([v, w])
    facts = [scope.name, scope.dtype, inner.name, inner.dtype, scope.use_resource, scope.caching_device]
    return {"graph": describe_graph(tf), "values": values, "facts": facts}


@programs
def variables_of_a_scope(tf):
    with tf.variable_scope("a") as scope:
        tf.get_variable("v", [1])
        tf.get_variable("f", [1], trainable=False)
        with tf.variable_scope("b"):
            tf.get_variable("v", [1])
    with tf.variable_scope("ab"):
        tf.get_variable("v", [1])
    return {
        "global": scope.global_variables(),
        "trainable": scope.trainable_variables(),
        "by name": tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="a"),
        "by regex": tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="a.*/v"),
        "trainable of": tf.trainable_variables("a/b"),
    }


@programs
def templates(tf):
    def scale(x):
        return x * tf.get_variable("factor", [], initializer=tf.ones_initializer())

    shared = tf.make_template("scale", scale)
    a, b = shared(1.0), shared(2.0)
    return {"names": [a.name, b.name], "variables": tf.global_variables(), "graph": op_names(tf)}


@programs
def partitioned_variables(tf):
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        v = tf.get_variable("v", [3, 2], initializer=tf.constant_initializer(1.5))
    total = tf.convert_to_tensor(v)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        value = sess.run(total)
    return {"graph": describe_graph(tf), "parts": list(v), "value": value}


@programs
def op_scopes_of_functions(tf):
    """Functions that open a scope of their own."""
    x = tf.ones([2, 3], name="x")
    with tf.name_scope("outer"):
        tf.nn.moments(x, [0])
        tf.nn.l2_normalize(x, 0)
        tf.clip_by_value(x, 0.0, 1.0)
        tf.random_normal([2])
        tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=x)
        tf.reduce_mean(x, name="mean")
    return {"graph": op_names(tf)}


def random_nesting(seed):
    """A program of nested scopes, variables and ops drawn with `seed`; errors are facts as well."""

    def program(tf):
        rng = random.Random(seed)
        log, captured = [], []

        def block(depth):
            for _ in range(rng.randint(1, 4)):
                kind = rng.choice(
                    ["ops", "get_variable", "variable", "name_scope", "variable_scope", "default", "captured", "operator"]
                )
                name = rng.choice("abc")
                if kind == "ops":
                    log.append(tf.no_op(name=name).name)
                elif kind == "operator":
                    log.append((tf.constant(1.0) + 2.0).name)
                elif kind == "variable":
                    log.append(tf.Variable(1.0, name=name).name)
                elif kind == "get_variable":
                    try:
                        log.append(tf.get_variable(name, [1], initializer=tf.zeros_initializer()).name)
                    except ValueError as raised:
                        log.append(str(raised).partition("\n")[0].partition(", disallowed")[0].partition(", or was")[0])
                elif depth < 4:
                    reuse = rng.choice([None, None, False, True, tf.AUTO_REUSE])
                    if kind == "name_scope":
                        scope = tf.name_scope(name)
                    elif kind == "variable_scope":
                        scope = tf.variable_scope(name, reuse=reuse)
                    elif kind == "default":
                        scope = tf.variable_scope(None, name)
                    elif captured:
                        scope = tf.variable_scope(rng.choice(captured), reuse=reuse, auxiliary_name_scope=rng.random() < 0.5)
                    else:
                        continue
                    with scope as opened:
                        if kind == "name_scope":
                            log.append(opened)
                        else:
                            captured.append(opened)
                            log.append([opened.name, opened.original_name_scope, bool(opened.reuse)])
                        block(depth + 1)

        for _ in range(3):
            block(0)
        return {"log": log, "graph": op_names(tf), "variables": tf.global_variables()}

    return program


for _seed in range(24):
    programs.add(f"random_nesting_{_seed}", random_nesting(_seed))
