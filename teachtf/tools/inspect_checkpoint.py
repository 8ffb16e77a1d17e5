"""`teachtf inspect_checkpoint`: what a checkpoint holds.

TensorFlow 1 had the same as `tensorflow.python.tools.inspect_checkpoint`; scripts that import that get this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from teachtf.tools.env import ToolError

__all__ = ["describe", "print_tensors_in_checkpoint_file"]


def checkpoint_prefix(path: str) -> str:
    """The prefix of the checkpoint that `path` means: the prefix itself, one of the checkpoint's files, or a folder
    with a `checkpoint` state file.

    >>> checkpoint_prefix("run/model.ckpt-7.data-00000-of-00001"), checkpoint_prefix("run/model.ckpt-7.index")
    ('run/model.ckpt-7', 'run/model.ckpt-7')
    """
    if Path(path).is_dir():
        from teachtf.train import latest_checkpoint

        found = latest_checkpoint(path)
        if found is None:
            raise ToolError(f"the folder {path} has no `checkpoint` file that names its latest checkpoint")
        return found
    return re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", path)


def describe(path: str, *, tensor_name: str | None = None, all_tensors: bool = False) -> Iterator[str]:
    """Yields the lines that tell what the checkpoint at `path` holds: by default name, dtype and shape of each tensor
    and the number of parameters; with `tensor_name` that tensor's values; with `all_tensors` the values of each."""
    reader = _reader(checkpoint_prefix(path), path)
    shapes: dict[str, Any] = reader.get_variable_to_shape_map()
    dtypes: dict[str, Any] = reader.get_variable_to_dtype_map()
    if tensor_name is not None and tensor_name not in shapes:
        raise ToolError(f"{path} has no tensor {tensor_name!r}{_suggestion(tensor_name, list(shapes))}")
    if tensor_name is not None:
        yield f"tensor_name:  {tensor_name}"
        yield str(reader.get_tensor(tensor_name))
        return
    width = max((len(name) for name in shapes), default=0)
    for name in sorted(shapes):
        dtype = getattr(dtypes[name], "name", dtypes[name])
        yield f"{name:{width}}  {dtype:9} {list(shapes[name])}"
        if all_tensors:
            yield str(reader.get_tensor(name))
    yield f"{len(shapes)} tensors, {sum(prod(shape) for shape in shapes.values()):,} values"


def _reader(prefix: str, path: str) -> Any:
    if not any(Path(file).is_file() for file in (prefix, prefix + ".index")):
        raise ToolError(f"no checkpoint at {path}: neither {prefix}.index nor {prefix} is a file")
    from teachtf.train import NewCheckpointReader

    try:
        return NewCheckpointReader(prefix)
    except Exception as error:  # whatever is wrong with the file, its reader says it best
        raise ToolError(f"{path} cannot be read as a checkpoint: {error}") from error


def _suggestion(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=3)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    return "; leave the tensor name out to see all names"


def print_tensors_in_checkpoint_file(
    file_name: str,
    tensor_name: str | None,
    all_tensors: bool,
    all_tensor_names: bool = False,
    count_exclude_pattern: str = "",
) -> None:
    """Prints what a checkpoint holds, as TensorFlow's tool does.

    Args:
      file_name: the checkpoint's prefix.
      tensor_name: a tensor to print; with none, the names, dtypes and shapes are printed.
      all_tensors: print all names, dtypes, shapes and values.
      all_tensor_names: print all names, dtypes and shapes.
      count_exclude_pattern: a regular expression; names that it finds do not count as parameters.

    Errors are printed, not raised. Source: `tensorflow.python.tools.inspect_checkpoint`.
    """
    from teachtf.train import NewCheckpointReader

    try:
        for line in _tensor_lines(NewCheckpointReader(file_name), tensor_name, all_tensors, all_tensor_names):
            if line is None:
                return
            print(line)
        shapes = NewCheckpointReader(file_name).get_variable_to_shape_map()
        if count_exclude_pattern:
            left_out = [name for name in shapes if re.search(count_exclude_pattern, name)]
            number = sum(prod(shapes.pop(name)) for name in left_out)
            print(f"# Excluding {len(left_out)} tensors ({number} params) that match {count_exclude_pattern} when counting.")
        print(f"# Total number of params: {sum(map(prod, shapes.values()))}")
    except Exception as error:  # TensorFlow's tool prints whatever goes wrong
        print(error)


def _tensor_lines(reader: Any, tensor_name: str | None, all_tensors: bool, all_names: bool) -> Iterator[str | None]:
    """The lines to print; a None at the end says that nothing is to be counted."""
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    if not (all_tensors or all_names or tensor_name):
        yield reader.debug_string().decode(errors="ignore")
        return
    if not (all_tensors or all_names) and tensor_name not in shapes:
        yield f"Tensor {tensor_name} not found in checkpoint{_suggestion(str(tensor_name), list(shapes))}"
        yield None
        return
    for name in sorted(shapes) if all_tensors or all_names else [str(tensor_name)]:
        yield f"tensor: {name} ({dtypes[name].name}) {shapes[name]}"
        if all_tensors or not all_names:
            yield str(reader.get_tensor(name))
