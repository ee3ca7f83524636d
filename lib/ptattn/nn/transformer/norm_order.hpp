#pragma once

#include <cstdint>

namespace ptattn {

/// Says where a Transformer layer normalises.
enum class NormOrder : std::uint8_t {
  kPost,  ///< x <- norm(x + f(x)), the original (Vaswani et al. 2017, section 3.1)
  kPre,   ///< x <- x + f(norm(x)) (Xiong et al. 2020, table 1)
};

}  // namespace ptattn
