"""Faults that are none: changed code that computes the same for every input that its op can be given, and why.

Keyed by the function, the code as it was, and the code as it became.
"""

from __future__ import annotations

ONE_SHAPE = "only the shape is read, and the two have one shape"
SAME_SQUARE = "n·aⁿ⁻¹ is 2·a where n is 2; the condition only spares a power of 1"
NO_RESHAPE = "a reshape to the shape that is there already; the condition only spares a step that shows nothing"
TWO_WAYS = "which of two ways is taken, and both add the same rows in the same order"
SAME_ARRAY = "only shape and dtype are read, and those two have the same"
SAME_AXES = "the same two axes, or the same axis of a matrix"
SAME_BITS = "decides only where the work is cut into blocks, or that it is not"
WRITTEN_OVER = "every cell of it is written before it is read"
SAME_ROOT = "the root is positive where x is, and nowhere else"
SAME_SIGN = "y = max(x, 0) is positive where x is, and nowhere else"

KINK = "only where a slope is a convention, and differences say nothing; test_op_conventions.py holds it"
NOTHING = "0, whatever it is 0 times of, and of one shape"
SAME_POWER = "a power is 0 where its base is, and nowhere else"

_spared = "g * slope if isinstance(n, int | float) else where(zero(n), 0.0, g * slope)"
_slope = "where(positive(y), g * 0.5 / y, 0.0)"
_none = "unbroadcast(g * 0.0, a)"
_square = "2 * a if isinstance(n, int | float) and n == 2 else n * a ** (n - 1)"
_sums = "np.empty((1 + blocks[0].stop, x.shape[1]), out.dtype)"
_rows = "x if len(x.shape) == 2 else reshape(x, shape=(count(x.shape[:-1], None), x.shape[-1]))"

ONE_OPERAND = "it has one operand, which is its first and its last"
ONE_PASS = "tells only whether the pass is noted, and of one all operands are"
EITHER_WAY = "the smaller of two, or the bits of both, are the same whichever comes first"
ONE_STEP = "one column from start to stop, whatever the step"
COS_AND_SIN = "only the width is read, and both tables have one"
_column = "unslice(along, axis=-1, start=expert, stop=expert + 1, step=1, size=weights.shape[-1])"
_masked = "np.bitwise_and(g.view(whole), bits, out.view(whole))"
_turned = "of_first(g, cos, lambda g: g * cos - turned(named('g_sin', g * sin), pairs))"

EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("Pow.vjp_a", _square, "n * a ** (n - 1)"): SAME_SQUARE,
    ("Pow.vjp_a", "isinstance(n, int | float)", "isinstance(g, int | float)"): SAME_SQUARE,
    ("Pow.vjp_a", "isinstance(n, int | float)", "isinstance(y, int | float)"): SAME_SQUARE,
    ("Pow.vjp_a", "isinstance(n, int | float)", "isinstance(a, int | float)"): SAME_SQUARE,
    ("Pow.vjp_a", "int | float", "int"): SAME_SQUARE,
    ("Pow.vjp_a", "int | float", "float"): SAME_SQUARE,
    ("Pow.vjp_a", f"return {_none}", f"return -{_none}"): NOTHING,
    ("Pow.vjp_a", _none, "g * 0.0"): NOTHING,
    ("Pow.vjp_a", _none, "unbroadcast(g * 0.0, g)"): NOTHING,
    ("Pow.vjp_a", _none, "unbroadcast(g * 0.0, y)"): NOTHING,
    ("Pow.vjp_a", "g * 0.0", "y * 0.0"): NOTHING,
    ("Pow.vjp_a", "g * 0.0", "a * 0.0"): NOTHING,
    ("Pow.vjp_a", _spared, "g * slope"): KINK,
    ("Pow.vjp_a", "zero(n)", "zero(g)"): KINK,
    ("Pow.vjp_a", "zero(n)", "zero(y)"): KINK,
    ("Pow.vjp_a", "zero(n)", "zero(a)"): KINK,
    ("Pow.vjp_n", "zero(a)", "zero(y)"): SAME_POWER,
    ("Relu.vjp_x", "positive(x)", "positive(y)"): SAME_SIGN,
    ("Gather.kernel_table", "constant(ids, np.arange(width))", "constant(g, np.arange(width))"): ONE_PASS,
    ("Gather.kernel_table", "constant(ids, np.arange(width))", "constant(out, np.arange(width))"): ONE_PASS,
    ("Relu.kernel_x", "BITS[out.dtype.itemsize]", "BITS[g.dtype.itemsize]"): SAME_ARRAY,
    ("Relu.kernel_x", "BITS[out.dtype.itemsize]", "BITS[x.dtype.itemsize]"): SAME_ARRAY,
    ("Relu.kernel_x", "np.empty_like(out, dtype=whole)", "np.empty_like(g, dtype=whole)"): SAME_ARRAY,
    ("Relu.kernel_x", "np.empty_like(out, dtype=whole)", "np.empty_like(x, dtype=whole)"): SAME_ARRAY,
    ("Relu.kernel_x", _masked, _masked.replace("g.view(whole), bits", "bits, g.view(whole)")): EITHER_WAY,
    ("Deviation.vjp_x", "positive(y)", "positive(x)"): SAME_ROOT,
    ("Deviation.vjp_x", "positive(y)", "y"): SAME_ROOT,
    ("Deviation.vjp_x", _slope, "where(positive(y), g * 0.5 / y, 1.0)"): KINK,
    ("Root.vjp_x", "positive(y)", "positive(x)"): SAME_ROOT,
    ("Root.vjp_x", "positive(y)", "y"): SAME_ROOT,
    ("ExpertShare.vjp_weights", "weights.shape[-1]", "kept.shape[-1]"): ONE_SHAPE,
    ("RelativeBias.vjp_table", "table.shape[1]", "g.shape[1]"): ONE_SHAPE,
    ("RelativeBias.vjp_table", "table.shape[1]", "y.shape[1]"): ONE_SHAPE,
    ("SwigluClamped.vjp_hidden", "minimum(gate, LIMIT)", "minimum(LIMIT, gate)"): EITHER_WAY,
    ("activation.within", "minimum(maximum(x, -LIMIT), LIMIT)", "minimum(LIMIT, maximum(x, -LIMIT))"): EITHER_WAY,
    ("activation.slope_of", "ACTIVATIONS[act].vjp(0)", "ACTIVATIONS[act].vjp(-1)"): ONE_OPERAND,
    ("ExpertShare.vjp_weights", _column, _column.replace("step=1", "step=2")): ONE_STEP,
    ("SoftmaxSink.vjp_sinks", "(0, 2, 3)", "(3, 2, 0)"): SAME_AXES,
    ("attention.shares", "sinks.shape[0]", "sinks.shape[-1]"): SAME_AXES,
    ("rotate.of_first", "-1", "1"): SAME_AXES,
    ("Rope.vjp_x", _turned, _turned.replace("(g, cos,", "(g, sin,")): COS_AND_SIN,
    ("AddRows.vjp_table", "x.shape[1]", "g.shape[1]"): ONE_SHAPE,
    ("AddRows.vjp_table", "x.shape[1]", "y.shape[1]"): ONE_SHAPE,
    ("Mse.vjp_x", "count(x.shape, None)", "count(target.shape, None)"): ONE_SHAPE,
    ("BatchNorm.vjp_x", "leading(x)", "leading(g)"): ONE_SHAPE,
    ("BatchNorm.vjp_x", "leading(x)", "leading(y)"): ONE_SHAPE,
    ("BatchNorm.vjp_gamma", "leading(x)", "leading(g)"): ONE_SHAPE,
    ("BatchNorm.vjp_gamma", "leading(x)", "leading(y)"): ONE_SHAPE,
    ("reduce.unbroadcast", "reshape(g, shape=shape) if extra else g", "reshape(g, shape=shape)"): NO_RESHAPE,
    ("linear.rows", _rows, _rows.split(" else ")[1]): NO_RESHAPE,
    ("linear.rows", "len(x.shape)", "x.shape"): NO_RESHAPE,
    ("linear.rows", "len(x.shape) == 2", "len(x.shape) == 1"): NO_RESHAPE,
    ("Gelu.kernel_x", "np.empty_like(out)", "np.empty_like(g)"): SAME_ARRAY,
    ("Gelu.kernel_x", "np.empty_like(out)", "np.empty_like(x)"): SAME_ARRAY,
    ("GeluTanh.kernel_x", "np.empty_like(out)", "np.empty_like(g)"): SAME_ARRAY,
    ("GeluTanh.kernel_x", "np.empty_like(out)", "np.empty_like(x)"): SAME_ARRAY,
    ("Gather.kernel_table", "NARROW * len(flat)", "NARROW / len(flat)"): TWO_WAYS,
    ("Gather.kernel_table", "NARROW * len(flat)", "NARROW"): TWO_WAYS,
    ("Gather.kernel_table", "NARROW * len(flat)", "len(flat)"): TWO_WAYS,
    ("LayerNorm.kernel_x", "np.empty_like(out)", "np.empty_like(g)"): SAME_ARRAY,
    ("LayerNorm.kernel_x", "np.empty_like(out)", "np.empty_like(x)"): SAME_ARRAY,
    ("LayerNorm.kernel_gamma", "np.empty_like(x)", "np.empty_like(g)"): SAME_ARRAY,
    ("LayerNorm.kernel_gamma", _sums, _sums.replace("out.dtype", "g.dtype")): SAME_ARRAY,
    ("LayerNorm.kernel_gamma", _sums, _sums.replace("out.dtype", "x.dtype")): SAME_ARRAY,
    ("LayerNorm.kernel_gamma", "x.dtype == np.float32", "out.dtype == np.float32"): SAME_ARRAY,
    ("LayerNorm.kernel_gamma", "x.dtype == np.float32", "g.dtype == np.float32"): SAME_ARRAY,
    ("LayerNorm.kernel_gamma", "len(x)", "len(g)"): ONE_SHAPE,
    ("LayerNorm.kernel_gamma", "x.shape[1]", "g.shape[1]"): ONE_SHAPE,
    ("LayerNorm.kernel_gamma", "len(blocks)", "blocks"): SAME_BITS,
    ("Linear.kernel_b", "g.size <= BLOCK", "out.size <= BLOCK"): SAME_BITS,
    ("Linear.kernel_b", "BLOCK // len(g)", "BLOCK"): SAME_BITS,
    ("Linear.kernel_b", "BLOCK // len(g)", "len(g)"): SAME_BITS,
    ("Linear.kernel_b", "len(g)", "len(out)"): SAME_BITS,
    ("Linear.kernel_b", "start + step", "start - step"): SAME_BITS,
    ("Linear.kernel_b", "n - 1", "1"): SAME_BITS,
    ("CrossEntropy.kernel_logits", "np.empty_like(row)", "row"): WRITTEN_OVER,
    ("CrossEntropy.kernel_logits", "-1", "1"): SAME_AXES,
    ("Matmul.kernel_a", "g.swapaxes(-1, -2)", "g.swapaxes(-2, -1)"): SAME_AXES,
    ("Matmul.kernel_b", "g.swapaxes(-1, -2)", "g.swapaxes(-2, -1)"): SAME_AXES,
}
