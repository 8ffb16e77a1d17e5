"""Classes drawn to be compared with the true ones: what losses over many classes are estimated by.

Source: TensorFlow's `candidate_sampling_ops`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from teachtf.core.apply import apply_op
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.seeds import get_seed
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes


def _sampler_shape(op: Any) -> list[TensorShape]:
    batch, _ = shapes.require_rank(op._inputs[0], 2)
    drawn = shapes.shape_of([op._attrs["num_sampled"]])
    return [drawn, shapes.shape_of([batch, op._attrs["num_true"]]), drawn]


_COUNTS = "num_true: int >= 1, num_sampled: int >= 1, unique: bool"
_RANGE = ", range_max: int >= 1"
_SEEDS = ", seed: int = 0, seed2: int = 0"
_UNIGRAMS = (
    ", vocab_file: string = '', distortion: float = 1.0, num_reserved_ids: int = 0, num_shards: int >= 1 = 1, "
    "shard: int >= 0 = 0, unigrams: list(float) = []"
)
for _name, _extra in (
    ("Uniform", _RANGE),
    ("LogUniform", _RANGE),
    ("LearnedUnigram", _RANGE),
    ("ThreadUnsafeUnigram", _RANGE),
    ("FixedUnigram", _RANGE + _UNIGRAMS),
    ("All", ""),
):
    declare(
        f"{_name}CandidateSampler",
        inputs="true_classes: int64",
        outputs="sampled_candidates: int64, true_expected_count: float, sampled_expected_count: float",
        attrs=f"{_COUNTS}{_extra}{_SEEDS}",
        shape=_sampler_shape,
        gradient=NOT_DIFFERENTIABLE,
        stateful=True,
    )


def _hits_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[0], 2)
    shapes.require_rank(op._inputs[1], 1)
    return [shapes.shape_of([None])] * 3


declare(
    "ComputeAccidentalHits",
    inputs="true_classes: int64, sampled_candidates: int64",
    outputs="indices: int32, ids: int64, weights: float",
    attrs=f"num_true: int{_SEEDS}",
    shape=_hits_shape,
    gradient=NOT_DIFFERENTIABLE,
)


class Candidates(NamedTuple):
    """What a sampler gives: the classes, and how often each true and each drawn class is expected among them."""

    sampled_candidates: Tensor
    true_expected_count: Tensor
    sampled_expected_count: Tensor


class AccidentalHits(NamedTuple):
    """What `tf.nn.compute_accidental_hits` gives."""

    indices: Tensor
    ids: Tensor
    weights: Tensor


def _seeds(seed: int | None) -> dict[str, int]:
    first, second = get_seed(seed)
    return {"seed": first or 0, "seed2": second or 0}


def _sampler(kind: str, odds: str) -> Any:
    def sampler(
        true_classes: Any,
        num_true: int,
        num_sampled: int,
        unique: bool,
        range_max: int,
        seed: int | None = None,
        name: str | None = None,
    ) -> Candidates:
        seeds = _seeds(seed)
        if kind == "LearnedUnigram" and range_max > 2147483647:
            raise ValueError(f"Value of range_max:{range_max} is too large to handle")
        attrs = {"num_true": num_true, "num_sampled": num_sampled, "unique": unique, "range_max": range_max}
        return Candidates(*apply_op(f"{kind}CandidateSampler", true_classes, name=name, **attrs, **seeds))

    own = {"Uniform": "uniform", "LogUniform": "log_uniform", "LearnedUnigram": "learned_unigram"}[kind]
    sampler.__name__ = sampler.__qualname__ = f"{own}_candidate_sampler"
    sampler.__doc__ = f"""`num_sampled` classes below `range_max`, drawn {odds}.

    Args:
      true_classes: int64 [batch, num_true], the classes that each example has.
      num_true: how many these are.
      num_sampled: how many to draw for the whole batch.
      unique: whether no class may come twice.
      range_max: the number of classes.
      seed: the seed of the draw.
      name: the operation's name.

    Returns:
      The classes; how often each true class is expected among them; and how often each of those drawn is.

    Source: `tf.nn.{own}_candidate_sampler`.
    """
    return sampler


uniform_candidate_sampler = _sampler("Uniform", "all with the same odds")
log_uniform_candidate_sampler = _sampler("LogUniform", "as words by their rank: class k with odds log((k + 2) / (k + 1))")
learned_unigram_candidate_sampler = _sampler("LearnedUnigram", "as often as they were true in earlier runs")


def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Any = (),
    seed: int | None = None,
    name: str | None = None,
) -> Candidates:
    """As `tf.nn.uniform_candidate_sampler`, with odds by the counts in `unigrams`, or in the last column of `vocab_file`.

    Args:
      true_classes, num_true, num_sampled, unique, range_max, seed, name: as there.
      vocab_file: a file of lines "word,count".
      distortion: the power to which counts are raised.
      num_reserved_ids: how many first classes are never drawn.
      num_shards, shard: of so many parts of the classes, only those of this part.
      unigrams: a count for each class.

    Source: `tf.nn.fixed_unigram_candidate_sampler`.
    """
    drawn = apply_op(
        "FixedUnigramCandidateSampler",
        true_classes,
        num_true=num_true,
        num_sampled=num_sampled,
        unique=unique,
        range_max=range_max,
        vocab_file=vocab_file,
        distortion=distortion,
        num_reserved_ids=num_reserved_ids,
        num_shards=num_shards,
        shard=shard,
        unigrams=list(unigrams),
        name=name,
        **_seeds(seed),
    )
    return Candidates(*drawn)


def all_candidate_sampler(
    true_classes: Any, num_true: int, num_sampled: int, unique: bool, seed: int | None = None, name: str | None = None
) -> Candidates:
    """All classes, 0 to `num_sampled` - 1: what a sampler is tested against. Source: `tf.nn.all_candidate_sampler`."""
    attrs = {"num_true": num_true, "num_sampled": num_sampled, "unique": unique}
    return Candidates(*apply_op("AllCandidateSampler", true_classes, name=name, **attrs, **_seeds(seed)))


def compute_accidental_hits(
    true_classes: Any, sampled_candidates: Any, num_true: int, seed: int | None = None, name: str | None = None
) -> AccidentalHits:
    """Where classes that were drawn are true: rows, places among those drawn, and the lowest float, to be added to the logits.

    Source: `tf.nn.compute_accidental_hits`.
    """
    hits = apply_op("ComputeAccidentalHits", true_classes, sampled_candidates, num_true=num_true, name=name, **_seeds(seed))
    return AccidentalHits(*hits)
