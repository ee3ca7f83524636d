#include "ptattn/models/files/finite_tensor.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/error.hpp"

namespace ptattn {

std::vector<float> finite_tensor(const WeightSource& weights, const std::string& name,
                                 const std::vector<std::size_t>& shape) {
  const std::vector<std::size_t>* const own = weights.shape(name);
  if (own == nullptr || *own != shape) {
    throw Error(Fault::kModel, weights.subject(),
                "has no tensor " + name + " of the shape that the model needs");
  }
  std::vector<float> values = weights.values(name);
  if (!std::ranges::all_of(values, [](float x) { return std::isfinite(x); })) {
    throw Error(Fault::kModel, weights.subject(), "holds " + name + " that are not finite");
  }
  return values;
}

}  // namespace ptattn
