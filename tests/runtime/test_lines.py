"""When a plan gives up its locals: as early as it can, and never too early."""

from __future__ import annotations

from teachtf.runtime.lines import Lines


def run(lines: Lines) -> object:
    text, _ = lines.assembled("def f():")
    space: dict[str, object] = {}
    exec(text, space)
    return space["f"]()  # type: ignore[operator]


def test_a_local_is_given_up_after_its_last_use() -> None:
    lines = Lines()
    lines.add("a = 1", sets=["a"])
    lines.add(f"b = {lines.reads('a')} + 1", sets=["b"])
    lines.add(f"c = {lines.reads('b')} + 1", sets=["c"])
    lines.add(f"return {lines.reads('c')}, a, b")
    assert run(lines) == (3, None, None)


def test_what_a_loop_reads_stays_until_the_loop_has_ended() -> None:
    lines = Lines()
    lines.add("step = 2", sets=["step"])
    lines.add("n = 0", sets=["n"])
    with lines.loop("while True:"):
        lines.add(f"if {lines.reads('n')} > 5: break")
        lines.add(f"more = {lines.reads('n')} + {lines.reads('step')}", sets=["more"])
        lines.add(f"n = {lines.reads('more')}", sets=["n"])
    lines.add(f"return {lines.reads('n')}, step, more")
    assert run(lines) == (6, None, None)


def test_each_line_knows_its_operation() -> None:
    lines = Lines()
    lines.add("a = 1", "first", ["a"])
    lines.add(f"b = {lines.reads('a')}", "second", ["b"])
    lines.add(f"return {lines.reads('b')}")
    text, ops = lines.assembled("def f():")
    assert [ops[n] for n, line in enumerate(text.splitlines(), 1) if line.strip() in ("a = 1", "b = a")] == ["first", "second"]
