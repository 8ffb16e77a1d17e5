"""Behind `tf.test`: test cases, and gradients checked against differences."""
