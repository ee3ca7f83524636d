#pragma once

#include <array>

#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Represents a rotation of positions and directions about the origin.
class Rotation {
 public:
  /// Turns nothing.
  Rotation() = default;
  /// Turns counter-clockwise about z.
  [[nodiscard]] static Rotation about_z(double degrees);
  /// @param q  a unit quaternion: x, y, z, w
  [[nodiscard]] static Rotation of_quaternion(const std::array<double, 4>& q);

  [[nodiscard]] bool turns_nothing() const { return turns_nothing_; }
  [[nodiscard]] Position operator()(const Position& p) const {
    if (turns_nothing_) return p;
    Position turned;
    for (std::size_t i = 0; i < 3; ++i) {
      turned[i] = rows_[i][0] * p[0] + rows_[i][1] * p[1] + rows_[i][2] * p[2];
    }
    return turned;
  }

 private:
  explicit Rotation(const std::array<Position, 3>& rows) : rows_(rows), turns_nothing_(false) {}

  std::array<Position, 3> rows_{Position{1, 0, 0}, Position{0, 1, 0}, Position{0, 0, 1}};
  bool turns_nothing_ = true;
};

}  // namespace ptattn
