"""Threads that stop together."""

from __future__ import annotations

import threading
import time

import pytest

import teachtf as tf


def started(target):
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def test_all_threads_stop_when_one_asks():
    coord, turns = tf.train.Coordinator(), []

    def work():
        while not coord.should_stop():
            turns.append(1)
            if len(turns) > 20:
                coord.request_stop()
            time.sleep(0.001)

    coord.join([started(work) for _ in range(3)])
    assert coord.joined and coord.should_stop() and len(turns) > 20


def test_the_exception_of_a_thread_reaches_who_waits():
    coord = tf.train.Coordinator()

    def work():
        with coord.stop_on_exception():
            raise ValueError("broken")

    thread = started(work)
    with pytest.raises(ValueError, match="broken"):
        coord.join([thread])
    with pytest.raises(ValueError, match="broken"):
        coord.raise_requested_exception()
    coord.clear_stop()
    assert not coord.should_stop() and not coord.joined


def test_the_end_of_a_queue_is_no_fault():
    coord = tf.train.Coordinator()
    coord.request_stop(tf.errors.OutOfRangeError(None, None, "end"))
    coord.join([])
    coord = tf.train.Coordinator(clean_stop_exception_types=(KeyError,))
    coord.request_stop(KeyError("x"))
    coord.join()


def test_late_threads():
    coord, end = tf.train.Coordinator(), threading.Event()
    thread = started(end.wait)
    coord.register_thread(thread)
    coord.request_stop()
    with pytest.raises(RuntimeError, match="Coordinator stopped with threads still running"):
        coord.join(stop_grace_period_secs=0.02)
    coord.clear_stop()
    coord.request_stop()
    coord.join([thread], stop_grace_period_secs=0.02, ignore_live_threads=True)
    end.set()


def test_a_looper_calls_until_the_stop():
    coord, calls = tf.train.Coordinator(), []

    def call(x):
        calls.append(x)
        if len(calls) == 3:
            coord.request_stop()

    looper = tf.train.LooperThread.loop(coord, 0.001, call, (7,))
    coord.join([looper])
    assert calls == [7, 7, 7]
    with pytest.raises(ValueError, match="must be a Coordinator"):
        tf.train.LooperThread(None, 1)


def test_joining_without_a_stop_waits_for_the_threads():
    coord = tf.train.Coordinator()
    coord.join([started(lambda: time.sleep(0.02))])
    assert coord.joined and not coord.should_stop()
    assert not coord.wait_for_stop(0.001)
