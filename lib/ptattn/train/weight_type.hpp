#pragma once

namespace ptattn::train {

/// Says how numbers of matrices are written. float16 is rounded once, to the nearest, ties to even.
enum class WeightType { kFloat32, kFloat16 };

}  // namespace ptattn::train
