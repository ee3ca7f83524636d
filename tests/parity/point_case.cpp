#include "point_case.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

/// A tensor [n, c]; empty when there is none of that name.
Matrix read_rows(const SafetensorsFile& data, const std::string& name) {
  const std::vector<std::size_t>* shape = data.shape(name);
  if (shape == nullptr) return {};
  if (shape->size() != 2) throw Error(Fault::kModel, data.subject(), name + " is not [n, c]");
  const std::vector<float> values = data.values(name);
  Matrix rows((*shape)[0], (*shape)[1]);
  std::copy(values.begin(), values.end(), rows.data());
  return rows;
}

std::vector<std::int64_t> read_integers(const SafetensorsFile& data, const std::string& name) {
  return data.shape(name) == nullptr ? std::vector<std::int64_t>{} : data.integers(name);
}

Matrix side_by_side(MatrixView a, MatrixView b) {
  Matrix both(a.rows, a.cols + b.cols);
  for (std::size_t i = 0; i < a.rows; ++i) {
    std::copy_n(a.row(i), a.cols, both.row(i));
    std::copy_n(b.row(i), b.cols, both.row(i) + a.cols);
  }
  return both;
}

}  // namespace

PointCase::PointCase(const SafetensorsFile& data) {
  const bool voxels = data.shape("in.coord") != nullptr;
  positions_ = read_rows(data, voxels ? "in.coord" : "in.xyz");
  features_ = read_rows(data, "in.feat");
  if (!voxels) features_ = side_by_side(positions_, features_);
  const auto grid = read_integers(data, "in.grid_coord");
  grid_.assign(grid.begin(), grid.end());
  const auto ends = read_integers(data, "in.offset");
  ends_.assign(ends.begin(), ends.end());
  const auto category = read_integers(data, "in.category");
  if (!category.empty()) category_ = static_cast<std::size_t>(category.front());
}

}  // namespace ptattn::test
