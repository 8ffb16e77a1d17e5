"""The one switch between the notes' behaviour and TensorFlow's, where the two differ."""

from __future__ import annotations

# Whether `tf.variable_scope(captured_scope)` opens a name scope, as TensorFlow 1 does. The notes that the lessons follow say
# that it leaves the name scope of ops alone; `teachtf run` sets this for old scripts.
captured_scope_opens_name_scope = False

# What a random op without a seed of its own takes as its second seed under `tf.set_random_seed`: the number of such ops before
# it, as TensorFlow 2 does, or the number of all operations before it, as TensorFlow 1 did. Printed results of old courses
# depend on it; `teachtf run` sets this too.
seeds_count_all_operations = False
