"""`tf.python_io`: files of records, read and written outside the graph. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.platform.records import TFRecordCompressionType, TFRecordOptions, TFRecordWriter, tf_record_iterator

__all__ = ["TFRecordCompressionType", "TFRecordOptions", "TFRecordWriter", "tf_record_iterator"]
