#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "matrices.hpp"
#include "ptattn/models/files/safetensors.hpp"

namespace ptattn::test {

/// What PyTorch computed: tests/golden/nn_toolbox.safetensors, made by scripts/golden_nn.py, which
/// describes its tensors.
inline const SafetensorsFile& golden_file() {
  static const SafetensorsFile file(PTATTN_TEST_DIR "/golden/nn_toolbox.safetensors");
  return file;
}

inline std::vector<float> golden_values(const std::string& name) {
  return golden_file().values(name);
}

/// Rows are the first extent; a vector is one row.
inline Matrix golden(const std::string& name) {
  const std::vector<std::size_t>& shape = *golden_file().shape(name);
  const std::vector<float> values = golden_values(name);
  const std::size_t rows = shape.size() > 1 ? shape[0] : 1;
  Matrix matrix(rows, values.size() / rows);
  std::copy(values.begin(), values.end(), matrix.data());
  return matrix;
}

template <class Integer>
std::vector<Integer> golden_integers(const std::string& name) {
  std::vector<Integer> values;
  for (const std::int64_t v : golden_file().integers(name)) {
    values.push_back(static_cast<Integer>(v));
  }
  return values;
}

/// `name`.weight and `name`.bias
inline DenseWeights golden_dense(const std::string& name) {
  return {golden(name + ".weight"), golden_values(name + ".bias")};
}

/// Within 1e-5 of every value.
inline void expect_golden(MatrixView actual, const std::string& name) {
  const Matrix expected = golden(name);
  ASSERT_EQ(actual.rows, expected.rows()) << name;
  ASSERT_EQ(actual.cols, expected.cols()) << name;
  for (std::size_t i = 0; i < actual.rows; ++i) {
    for (std::size_t j = 0; j < actual.cols; ++j) {
      EXPECT_NEAR(actual(i, j), expected(i, j), 1e-5) << name << " [" << i << ", " << j << "]";
    }
  }
}

}  // namespace ptattn::test
