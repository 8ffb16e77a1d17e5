"""The one switch between the notes' behaviour and TensorFlow's, where the two differ."""

from __future__ import annotations

# Whether `tf.variable_scope(captured_scope)` opens a name scope, as TensorFlow 1 does. The notes that the lessons follow say
# that it leaves the name scope of ops alone; `teachtf run` sets this for old scripts.
captured_scope_opens_name_scope = False
