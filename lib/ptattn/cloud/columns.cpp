#include "ptattn/cloud/columns.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/text.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 8192;  // points a task

/// The columns chosen so far, and how more are found.
class Selection {
 public:
  explicit Selection(const PointCloud& cloud) : cloud_(cloud) {}

  /// True when the cloud has something of that name.
  [[nodiscard]] bool add(std::string_view name) {
    const bool found = add_field(name) || (name == "xyz" && add_coordinates()) ||
                       (name == "normals" && add_triple(find_normals(cloud_))) ||
                       (name == "colors" && add_colors());
    if (found) ++group_;
    return found;
  }
  [[nodiscard]] std::vector<FieldColumn> take() { return std::move(columns_); }

 private:
  bool add_field(std::string_view name) {
    const Field* const field = cloud_.find(name);
    if (field == nullptr) return false;
    for (std::uint32_t c = 0; c < field->count(); ++c) {
      std::string column_name = field->name();
      if (field->count() != 1) column_name.append("_").append(std::to_string(c));
      columns_.emplace_back(std::move(column_name), *field, c, group_);
    }
    return true;
  }

  bool add_triple(const std::optional<FieldTriple>& fields) {
    if (!fields) return false;
    for (const Field* const field : *fields)
      columns_.emplace_back(field->name(), *field, 0, group_);
    return true;
  }

  bool add_coordinates() {
    const FieldTriple axes = find_coordinates(cloud_);
    const bool complete = std::ranges::all_of(
        axes, [](const Field* field) { return field != nullptr && field->count() == 1; });
    return complete && add_triple(axes);
  }

  bool add_colors() { return add_triple(find_colors(cloud_)) || add_packed(); }

  bool add_packed() {
    const Field* const field = find_packed_colors(cloud_);
    if (field == nullptr) return false;
    columns_.push_back(FieldColumn::byte_of("red", *field, 16, group_));
    columns_.push_back(FieldColumn::byte_of("green", *field, 8, group_));
    columns_.push_back(FieldColumn::byte_of("blue", *field, 0, group_));
    return true;
  }

  const PointCloud& cloud_;
  std::vector<FieldColumn> columns_;
  std::size_t group_ = 0;
};

bool usable(double x) {
  return std::abs(x) <= kLargestCoordinate;  // false for NaN
}

/// Sum of `value(x)` over the finite values x of a column, and how many there are.
template <class Value>
std::pair<double, double> finite_sum(const FieldColumn& column, std::span<const std::size_t> points,
                                     const Value& value) {
  const double sum = deterministic_sum(points.size(), [&](std::size_t i) {
    const double x = column(points[i]);
    return usable(x) ? value(x) : 0.0;
  });
  const double count = deterministic_sum(
      points.size(), [&](std::size_t i) { return usable(column(points[i])) ? 1.0 : 0.0; });
  return {sum, count};
}

/// Calls `set(row, column, value)` for all of them.
template <class Set>
void each_value(std::span<const FieldColumn> columns, std::span<const std::size_t> points,
                const Set& set) {
  parallel_each(points.size(), kGrain, [&](std::size_t i) {
    for (std::size_t c = 0; c < columns.size(); ++c) set(i, c, columns[c](points[i]));
  });
}

}  // namespace

FieldColumn FieldColumn::byte_of(std::string name, const Field& field, int shift,
                                 std::size_t group) {
  FieldColumn column(std::move(name), field, 0, group);
  column.shift_ = shift;
  return column;
}

double FieldColumn::operator()(std::size_t point) const {
  if (shift_ < 0) return field_->as_double(point, component_);
  std::uint32_t bits = 0;
  std::memcpy(&bits, field_->bytes().data() + point * sizeof bits, sizeof bits);
  return bits >> shift_ & 0xFFU;
}

std::vector<FieldColumn> select_columns(const PointCloud& cloud,
                                        std::span<const std::string> names) {
  Selection selection(cloud);
  for (const std::string& name : names) {
    if (selection.add(name)) continue;
    throw Error(
        Fault::kInput, cloud.name(),
        "has no field " + name + ", expected one of " + comma_joined(cloud.fields(), &Field::name));
  }
  return selection.take();
}

std::vector<FieldColumn> find_columns(const PointCloud& cloud, std::string_view name) {
  Selection selection(cloud);
  return selection.add(name) ? selection.take() : std::vector<FieldColumn>();
}

ColumnScaling standardizing(std::span<const FieldColumn> columns,
                            std::span<const std::size_t> points) {
  ColumnScaling scaling;
  std::vector<double> squares;  // of each group: the sum over its columns of the variance
  std::vector<double> sizes;    // of each group: its columns
  for (const FieldColumn& column : columns) {
    // Relative to the first value: a georeferenced offset costs the sum no digits.
    const double first = points.empty() ? 0.0 : column(points.front());
    const double origin = usable(first) ? first : 0.0;
    const auto [sum, count] = finite_sum(column, points, [&](double x) { return x - origin; });
    const double mean = count > 0 ? origin + sum / count : 0.0;
    const auto square = [&](double x) { return (x - mean) * (x - mean); };
    scaling.offset.push_back(mean);
    if (column.group() >= squares.size()) {
      squares.resize(column.group() + 1, 0.0);
      sizes.resize(column.group() + 1, 0.0);
    }
    if (count > 0) squares[column.group()] += finite_sum(column, points, square).first / count;
    sizes[column.group()] += 1.0;
  }
  for (const FieldColumn& column : columns) {
    const double deviation = std::sqrt(squares[column.group()] / sizes[column.group()]);
    scaling.scale.push_back(deviation > 0.0 ? deviation : 1.0);
  }
  return scaling;
}

Matrix column_values(std::span<const FieldColumn> columns, std::span<const std::size_t> points,
                     const ColumnScaling& scaling) {
  Matrix out(points.size(), columns.size());
  column_values(columns, points, scaling, out);
  return out;
}

void column_values(std::span<const FieldColumn> columns, std::span<const std::size_t> points,
                   const ColumnScaling& scaling, MutableMatrixView out) {
  each_value(columns, points, [&](std::size_t i, std::size_t c, double x) {
    const double scaled = (x - scaling.offset[c]) / scaling.scale[c];
    out(i, c) = usable(x) ? static_cast<float>(scaled) : 0.0F;
  });
}

Matrix column_values(std::span<const FieldColumn> columns, std::span<const std::size_t> points) {
  Matrix out(points.size(), columns.size());
  each_value(columns, points,
             [&](std::size_t i, std::size_t c, double x) { out(i, c) = static_cast<float>(x); });
  return out;
}

}  // namespace ptattn
