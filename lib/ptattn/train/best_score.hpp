#pragma once

#include <cstdint>

namespace ptattn::train {

/// Holds what validation on a part that nothing is learnt from has come to.
struct BestScore {
  double score = -1.0;          ///< the best; below 0: there was no validation
  std::uint64_t step = 0;       ///< of the best
  std::uint64_t validated = 0;  ///< the last step that was validated
  std::uint64_t since = 0;      ///< validations since the best
};

}  // namespace ptattn::train
