#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/train/parameter_set.hpp"

namespace ptattn::test {

using Values = std::vector<double>;

/// A layer written down plainly in float64: what comes out of some tensors.
using PlainLayer = std::function<Values(const std::vector<Values>& inputs)>;

inline Values values_of(MatrixView m) {
  Values values;
  for (std::size_t i = 0; i < m.rows; ++i) values.insert(values.end(), m.row(i), m.row(i) + m.cols);
  return values;
}

inline Values values_of(std::span<const float> x) {
  return {x.begin(), x.end()};
}

/// d (sum of weights . layer(inputs)) / d inputs[which], by central differences.
inline Values slopes(const PlainLayer& layer, std::vector<Values> inputs, std::size_t which,
                     const Values& weights) {
  constexpr double kStep = 1e-5;
  const auto loss = [&] {
    const Values out = layer(inputs);
    double sum = 0.0;
    for (std::size_t i = 0; i < out.size(); ++i) sum += weights[i] * out[i];
    return sum;
  };
  Values result;
  for (double& x : inputs[which]) {
    const double before = x;
    x = before + kStep;
    const double above = loss();
    x = before - kStep;
    result.push_back((above - loss()) / (2.0 * kStep));
    x = before;
  }
  return result;
}

/// Within `tolerance` of the largest expected value.
inline void expect_values(std::span<const float> actual, const Values& expected,
                          const std::string& what, double tolerance = 1e-4) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double largest = 1e-3;
  double difference = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    const double apart = std::abs(expected[i] - actual[i]);
    difference = std::isnan(apart) ? HUGE_VAL : std::max(difference, apart);
  }
  EXPECT_LT(difference, tolerance * largest) << what;
}

inline void expect_values(MatrixView actual, const Values& expected, const std::string& what,
                          double tolerance = 1e-4) {
  std::vector<float> packed;
  for (std::size_t i = 0; i < actual.rows; ++i) {
    packed.insert(packed.end(), actual.row(i), actual.row(i) + actual.cols);
  }
  expect_values(std::span<const float>(packed), expected, what, tolerance);
}

/// Random values for all parameters, gradients zero.
inline void randomize(train::ParameterSet& set, std::uint64_t seed) {
  set.allocate();
  Random random(seed);
  for (const train::Parameter& p : set.parameters()) {
    for (float& x : p.value) x = static_cast<float>(2.0 * random.uniform() - 1.0);
  }
}

}  // namespace ptattn::test
