"""Images: resizing, flips, crops, colours and files."""

from __future__ import annotations

import numpy as np
from harness import Programs, describe_graph, error, static

programs = Programs()
_R = np.random.RandomState(11)
_BATCH = _R.rand(2, 5, 7, 3).astype(np.float32)
_ONE = (_R.rand(4, 6, 3) * 255).astype(np.uint8)


def facts(tf, outputs, feeds=None, graph=True):
    outputs = outputs if isinstance(outputs, list) else [outputs]
    with tf.Session() as sess:
        values = sess.run(outputs, feeds)
    return ({"graph": describe_graph(tf)} if graph else {}) | {"static": static(*outputs), "values": values}


SIZES = {"up": [9, 13], "down": [3, 4], "one": [1, 1], "tall": [11, 2]}
METHODS = ["bilinear", "nearest_neighbor", "bicubic", "area"]


def resized(method):
    def program(tf):
        function = getattr(tf.image, f"resize_{method}")
        found = [function(_BATCH, size, align_corners=align) for size in SIZES.values() for align in (False, True)]
        found += [function(tf.constant(_ONE[None]), [7, 5])]
        if method != "area":
            found.append(function(_BATCH, [9, 4], half_pixel_centers=True))
        return facts(tf, found, graph=False)

    return program


for _method in METHODS:
    programs.add(f"resize_{_method}", resized(_method))


def slopes(method):
    def program(tf):
        x = tf.constant(_BATCH[:1])
        function = getattr(tf.image, f"resize_{method}")
        y = [tf.reduce_sum(tf.square(function(x, size))) for size in ([8, 9], [3, 2])]
        return facts(tf, tf.gradients(y[0], x) + tf.gradients(y[1], x))

    return program


for _method in METHODS[:3]:
    programs.add(f"slopes_of_{_method}", slopes(_method))


@programs
def resize_images(tf):
    image = tf.image
    x = tf.placeholder(tf.float32, [None, None, 7, 3], name="x")
    found = [
        image.resize_images(x, [3, 4]),
        image.resize_images(_ONE, [8, 8], image.ResizeMethod.NEAREST_NEIGHBOR),
        image.resize_images(_ONE, (8, 8), method=2),
        image.resize_images(_ONE, [2, 3], method=image.ResizeMethod.AREA, align_corners=True),
        image.resize_images(_ONE, [4, 6]),
        image.resize_images(_BATCH, [10, 10], preserve_aspect_ratio=True),
        image.resize_images(x, tf.placeholder_with_default([4, 4], [2])),
    ]
    return facts(tf, found, {x: _BATCH})


FUNCTIONS = {
    "flip_left_right": lambda tf, x: tf.image.flip_left_right(x),
    "flip_up_down": lambda tf, x: tf.image.flip_up_down(x),
    "transpose": lambda tf, x: tf.image.transpose_image(x),
    "crop": lambda tf, x: tf.image.crop_to_bounding_box(x, 1, 2, 3, 2),
    "pad": lambda tf, x: tf.image.pad_to_bounding_box(x, 1, 2, 9, 10),
    "crop_or_pad": lambda tf, x: tf.image.resize_image_with_crop_or_pad(x, 7, 3),
    "crop_both": lambda tf, x: tf.image.resize_image_with_crop_or_pad(x, 2, 3),
    "central_crop": lambda tf, x: tf.image.central_crop(x, 0.5),
    "central_crop_all": lambda tf, x: tf.image.central_crop(x, 1.0),
    "per_image_standardization": lambda tf, x: tf.image.per_image_standardization(x),
    "rgb_to_grayscale": lambda tf, x: tf.image.rgb_to_grayscale(x),
    "adjust_hue": lambda tf, x: tf.image.adjust_hue(x, 0.3),
    "adjust_saturation": lambda tf, x: tf.image.adjust_saturation(x, 1.7),
    "to_float": lambda tf, x: tf.image.convert_image_dtype(x, tf.float32),
    "to_uint16": lambda tf, x: tf.image.convert_image_dtype(x, tf.uint16),
}


def one_function(make):
    return lambda tf: facts(tf, [make(tf, tf.constant(_BATCH)), make(tf, tf.constant(_ONE))])


for _name, _make in FUNCTIONS.items():
    programs.add(_name, one_function(_make))


@programs
def colours(tf):
    x = tf.constant(_BATCH)
    hsv = tf.image.rgb_to_hsv(x)
    edges = tf.constant([[[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.5, 0.5, 0.2], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0]]]])
    found = [hsv, tf.image.hsv_to_rgb(hsv), tf.image.rgb_to_hsv(edges), tf.image.adjust_hue(x, -0.8)]
    found += [tf.image.adjust_contrast(x, 2.0), tf.image.adjust_brightness(x, 0.1)]
    return facts(tf, [*found, tf.image.adjust_saturation(x, 0.25)])


@programs
def colours_of_bytes(tf):
    x = tf.constant(_ONE)
    found = [tf.image.adjust_brightness(x, 0.4), tf.image.adjust_contrast(x, 1.9), tf.image.grayscale_to_rgb(x[:, :, :1])]
    found += [tf.image.convert_image_dtype(tf.constant([-0.5, 0.25, 1.5]), t, saturate=True) for t in (tf.uint8, tf.int16)]
    found += [tf.image.convert_image_dtype(tf.constant([5, 70000]), tf.uint8), tf.image.convert_image_dtype(x, tf.int8)]
    return facts(tf, found, graph=False)


@programs
def turned(tf):
    k = tf.placeholder(tf.int32, [])
    found = [tf.image.rot90(image, n) for image in (_BATCH, _ONE) for n in (0, 1, 2, 3, 5)] + [tf.image.rot90(_ONE, k)]
    return facts(tf, found, {k: 3}, graph=False)["values"]


@programs
def by_chance(tf):
    tf.set_random_seed(3)
    x, batch = tf.constant(_ONE), tf.constant(_BATCH)
    image = tf.image
    found = [image.random_flip_left_right(x), image.random_flip_up_down(x, seed=4), image.random_flip_left_right(batch, 5)]
    found += [image.random_brightness(batch, 0.2), image.random_contrast(batch, 0.5, 1.5), image.random_hue(batch, 0.1)]
    return facts(tf, [*found, image.random_saturation(batch, 0.5, 1.5)])


@programs
def png_files(tf):
    found = [tf.image.decode_png(tf.image.encode_png(_ONE[:, :, :n])) for n in (1, 2, 3)]
    alpha = np.concatenate([_ONE, _ONE[:, :, :1]], 2)
    deep = (_ONE[:, :, :1].astype(np.uint16)) * 256 + 7
    coded = tf.image.encode_png(alpha)
    found += [tf.image.decode_png(coded), tf.image.decode_png(coded, channels=3), tf.image.decode_png(coded, channels=4)]
    found += [tf.image.decode_png(tf.image.encode_png(deep), dtype=tf.uint16), tf.image.decode_jpeg(tf.image.encode_png(_ONE))]
    data = tf.placeholder(tf.string, [])
    with tf.Session() as sess:
        wrong = error(tf, lambda: sess.run(tf.image.decode_png(data), {data: b"no picture"}))
        rank = error(tf, lambda: tf.image.encode_png(_ONE[0]))
    return {"wrong": wrong, "rank": rank} | facts(tf, found)


@programs
def wrong_arguments_of_images(tf):
    image = tf.image
    return {
        "rank": error(tf, lambda: image.flip_left_right([[1, 2]]), "must be at least three-dimensional"),
        "empty": error(tf, lambda: image.flip_left_right(np.zeros([2, 0, 3])), "must be > 0"),
        "five": error(tf, lambda: image.flip_left_right(np.zeros([1, 1, 1, 1, 1])), "must have either 3 or 4 dimensions"),
        "crop": error(tf, lambda: image.crop_to_bounding_box(_ONE, 0, 5, 2, 2), "width must be >= target + offset."),
        "offset": error(tf, lambda: image.crop_to_bounding_box(_ONE, -1, 0, 2, 2), "offset_height must be >= 0."),
        "pad": error(tf, lambda: image.pad_to_bounding_box(_ONE, 1, 0, 4, 9), "height must be <= target - offset"),
        "size": error(tf, lambda: image.resize_image_with_crop_or_pad(_ONE, 0, 2), "target_height must be > 0."),
        "fraction": error(tf, lambda: image.central_crop(_ONE, 0.0), "central_fraction must be within (0, 1]"),
        "three": error(tf, lambda: image.resize_images(_ONE, [1, 2, 3]), "'size' must be a 1-D Tensor of 2 elements"),
        "float": error(tf, lambda: image.resize_images(_ONE, [1.5, 2.0]), "'size' must be a 1-D int32 Tensor"),
        "method": error(tf, lambda: image.resize_images(_ONE, [1, 2], method=9), "Resize method is not implemented"),
        "vector": error(tf, lambda: image.resize_images([1.0, 2.0], [1, 2]), "must have either 3 or 4 dimensions"),
        "delta": error(tf, lambda: image.random_brightness(_ONE, -1.0), "max_delta must be non-negative."),
        "hue": error(tf, lambda: image.random_hue(_ONE, 0.7), "max_delta must be <= 0.5."),
        "range": error(tf, lambda: image.random_contrast(_ONE, 2.0, 1.0), "upper must be > lower."),
        "dtype": error(tf, lambda: image.convert_image_dtype(_ONE, tf.bool)),
    }
