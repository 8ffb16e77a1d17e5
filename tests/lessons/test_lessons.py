"""The lessons as files: whole, clean, linked, and with every snippet of the notes in them. nbval runs their cells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

LESSONS = Path(__file__).resolve().parents[2] / "lessons"
NOTEBOOKS = sorted(LESSONS.glob("*.ipynb"))
ORDER = (
    "01_variables",
    "02_device_placement",
    "03_initialising",
    "04_saving_and_restoring",
    "05_rank_shape_dtype",
    "06_sharing_variables",
    "07_variable_scopes",
    "08_a_photograph",
    "09_handwritten_digits",
    "10_what_a_run_does",
)

# Lesson and lines of each snippet of the notes, slips mended, written without the spaces and with one kind of quotes.
SNIPPETS: dict[str, tuple[str, list[str]]] = {
    "create two variables": (
        "01",
        [
            "weights = tf.Variable(tf.random_normal([784, 200], stddev=0.35), name='weights')",
            "biases = tf.Variable(tf.zeros([200]), name='biases')",
        ],
    ),
    "pin to a device": ("02", ["with tf.device('/gpu:1'):", "with tf.device('/job:ps/task:7'):"]),
    "initialise all": (
        "03",
        [
            "weights = tf.Variable(tf.random_normal([784, 200], stddev=0.35), name='weights')",
            "init_op = tf.global_variables_initializer()",
            "with tf.Session() as sess: sess.run(init_op)",
        ],
    ),
    "initialise from another": (
        "03",
        [
            "w2 = tf.Variable(weights.initialized_value(), name='w2')",
            "w_twice = tf.Variable(weights.initialized_value() * 2.0, name='w_twice')",
        ],
    ),
    "initialise a list": ("03", ["tf.variables_initializer(["]),
    "save all": ("04", ["saver = tf.train.Saver()", "save_path = saver.save(sess,", "'model.ckpt'"]),
    "restore all": ("04", ["saver.restore(sess, save_path)", "print('Model restored.')"]),
    "import a meta graph": ("04", ["saver = tf.train.import_meta_graph("]),
    "look into a checkpoint": ("04", ["print_tensors_in_checkpoint_file("]),
    "save under other names": ("04", ["tf.train.Saver({'my_v2': v2})"]),
    "ranks": (
        "05",
        [
            "s = 483",
            "v = [1.1, 2.2, 3.3]",
            "m = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]",
            "t = [[[2], [4], [6]], [[8], [10], [12]], [[14], [16], [18]]]",
        ],
    ),
    "shapes": ("05", ["[5], [3, 4], [1, 4, 3]"]),
    "types": (
        "05",
        [
            "tf.float32, tf.float64,",
            "tf.int8, tf.int16, tf.int32, tf.int64,",
            "tf.uint8, tf.uint16,",
            "tf.string, tf.bool,",
            "tf.complex64, tf.complex128,",
            "tf.qint8, tf.qint32, tf.quint8,",
        ],
    ),
    "the filter, plain": (
        "06",
        [
            "def my_image_filter(input_images):",
            "conv1_weights = tf.Variable(tf.random_normal([5, 5, 32, 32]), name='conv1_weights')",
            "conv1_biases = tf.Variable(tf.zeros([32]), name='conv1_biases')",
            "conv1 = tf.nn.conv2d(input_images, conv1_weights, strides=[1, 1, 1, 1], padding='SAME')",
            "relu1 = tf.nn.relu(conv1 + conv1_biases)",
            "conv2 = tf.nn.conv2d(relu1, conv2_weights, strides=[1, 1, 1, 1], padding='SAME')",
            "return tf.nn.relu(conv2 + conv2_biases)",
        ],
    ),
    "the filter, with a dictionary": (
        "06",
        [
            "variables_dict = {",
            "'conv1_weights': tf.Variable(tf.random_normal([5, 5, 32, 32]), name='conv1_weights')",
            "conv1 = tf.nn.conv2d(input_images, variables_dict['conv1_weights'], strides=[1, 1, 1, 1], padding='SAME')",
            "return tf.nn.relu(conv2 + variables_dict['conv2_biases'])",
        ],
    ),
    "conv_relu": (
        "06",
        [
            "def conv_relu(input, kernel_shape, bias_shape):",
            "weights = tf.get_variable('weights', kernel_shape, initializer=tf.random_normal_initializer())",
            "biases = tf.get_variable('biases', bias_shape, initializer=tf.constant_initializer(0.0))",
            "conv = tf.nn.conv2d(input, weights, strides=[1, 1, 1, 1], padding='SAME')",
            "return tf.nn.relu(conv + biases)",
        ],
    ),
    "the filter, with scopes": (
        "06",
        [
            "with tf.variable_scope('conv1'):",
            "relu1 = conv_relu(input_images, [5, 5, 32, 32], [32])",
            "with tf.variable_scope('conv2'):",
            "return conv_relu(relu1, [5, 5, 32, 32], [32])",
        ],
    ),
    "sharing the filter": (
        "06",
        [
            "with tf.variable_scope('image_filters') as scope: result1 = my_image_filter(image1) "
            "scope.reuse_variables() result2 = my_image_filter(image2)"
        ],
    ),
    "initializers": (
        "07",
        ["tf.constant_initializer(", "tf.random_uniform_initializer(", "tf.random_normal_initializer("],
    ),
    "reuse in the current scope": (
        "07",
        [
            "v = tf.get_variable('v', [1]) tf.get_variable_scope().reuse_variables() v1 = tf.get_variable('v', [1])",
            "assert v1 is v",
        ],
    ),
    "reuse is inherited": (
        "07",
        [
            "with tf.variable_scope('root'):",
            "assert tf.get_variable_scope().reuse == False",
            "with tf.variable_scope('foo', reuse=True):",
            "assert tf.get_variable_scope().reuse == True",
        ],
    ),
    "a variable scope names ops": (
        "07",
        ["with tf.variable_scope('foo'): x = 1.0 + tf.get_variable('v', [1])", "assert x.op.name == 'foo/add'"],
    ),
    "a name scope names ops only": (
        "07",
        [
            "with tf.variable_scope('foo'): with tf.name_scope('bar'): v = tf.get_variable('v', [1]) x = 1.0 + v",
            "assert v.name == 'foo/v:0'",
            "assert x.op.name == 'foo/bar/add'",
        ],
    ),
    "a captured scope": ("07", ["with tf.variable_scope('foo') as foo_scope:", "with tf.variable_scope(foo_scope):"]),
}

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def text_of(path: Path, kind: str) -> str:
    return "\n".join(source(cell) for cell in read(path)["cells"] if cell["cell_type"] == kind)


def squeezed(code: str) -> str:
    """Code without comments and white space, with one kind of quotes."""
    code = re.sub(r"#.*", "", code)
    return re.sub(r"\s+", "", code).replace('"', "'")


def test_the_course_is_complete_and_in_order() -> None:
    assert tuple(path.stem for path in NOTEBOOKS) == ORDER


def test_the_readme_lists_every_lesson_in_order() -> None:
    listed = re.findall(r"\]\((\w+)\.ipynb\)", (LESSONS / "README.md").read_text(encoding="utf-8"))
    assert tuple(listed) == ORDER


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_of_the_notes_is_there(snippet: str) -> None:
    number, lines = SNIPPETS[snippet]
    (path,) = LESSONS.glob(f"{number}_*.ipynb")
    code = squeezed(text_of(path, "code"))
    assert [line for line in lines if squeezed(line) not in code] == []


@each
def test_is_clean(path: Path) -> None:
    """No outputs, no run numbers, nothing of the machine it was written on."""
    notebook = read(path)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None, cell["id"]
    assert not re.search(r"/(home|Users|root|work|tmp)/", path.read_text(encoding="utf-8"))


@each
def test_cells_have_names_of_their_own(path: Path) -> None:
    ids = [cell["id"] for cell in read(path)["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in ids)


@each
def test_has_the_parts_of_a_lesson(path: Path) -> None:
    """A title with its number, a picture early, an exercise with a folded answer, the section's error, a recap."""
    cells = read(path)["cells"]
    number = int(path.stem[:2])
    assert source(cells[0]).startswith(f"# {number} · ")
    code = [source(cell) for cell in cells if cell["cell_type"] == "code"]
    assert any(re.search(r"graph_view\(|show_images\(", text) for text in code[:4]), "no picture in the first four cells"
    assert "## Try it" in text_of(path, "markdown")
    assert any(cell["metadata"].get("jupyter", {}).get("source_hidden") for cell in cells)
    raises = any("raises-exception" in cell["metadata"].get("tags", []) for cell in cells)
    assert raises or "except " in text_of(path, "code")
    assert source(cells[-1]).startswith("## Recap")


@each
def test_can_be_run_again(path: Path) -> None:
    code = text_of(path, "code")
    assert "tf.reset_default_graph()" in code or "with tf.Graph().as_default()" in code


@each
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text_of(path, "markdown")):
        if "://" not in target:
            assert (LESSONS / target).is_file(), target


@each
def test_leads_to_the_next(path: Path) -> None:
    index = ORDER.index(path.stem)
    if index + 1 < len(ORDER):
        assert f"({ORDER[index + 1]}.ipynb)" in source(read(path)["cells"][-1])


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Jupyter's own are not the lessons'
@each
def test_every_cell_can_be_run_twice(path: Path, tmp_path: Path) -> None:
    """A learner runs a cell, changes a word and runs it again: nothing that a lesson does may stand in the way."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(path, as_version=4)
    twice = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            twice += [cell, nbformat.v4.new_code_cell(cell.source, metadata=cell.metadata)]
    notebook.cells = twice
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
