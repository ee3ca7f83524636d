#include "comparison.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "ptattn/cloud/columns.hpp"

namespace ptattn::tools {
namespace {

using Codes = std::pair<std::int64_t, std::int64_t>;

/// "high vegetation" is a kind of "vegetation".
bool is_kind_of(const std::string& name, const std::string& wider) {
  return name == wider || name.ends_with(" " + wider);
}

/// Answers once for each pair of codes whether they mean the same.
class SameMeaning {
 public:
  SameMeaning(view::ClassTable a, view::ClassTable b) : a_(std::move(a)), b_(std::move(b)) {}

  bool operator()(const Codes& codes) {
    const auto known = known_.find(codes);
    if (known != known_.end()) return known->second;
    const std::string in_a = a_[codes.first].name;
    const std::string in_b = b_[codes.second].name;
    return known_[codes] = is_kind_of(in_a, in_b) || is_kind_of(in_b, in_a);
  }

 private:
  view::ClassTable a_;
  view::ClassTable b_;
  std::map<Codes, bool> known_;
};

bool are_classes(const Compared& a, const Compared& b) {
  return a.source.kind == view::ColorKind::kClasses && b.source.kind == view::ColorKind::kClasses;
}

std::vector<FieldColumn> columns_of(const Compared& compared) {
  const bool height = compared.source.kind == view::ColorKind::kHeight;
  return find_columns(compared.cloud, height ? "z" : compared.source.name);
}

void compare_classes(const FieldColumn& a, const FieldColumn& b, SameMeaning& same,
                     Comparison& comparison) {
  std::map<Codes, std::size_t> changes;
  for (std::size_t i = 0; i < comparison.points; ++i) {
    const Codes codes{view::class_code(a(i)), view::class_code(b(i))};
    if (!same(codes)) ++changes[codes];
  }
  for (const auto& [codes, points] : changes) {
    comparison.changes.push_back({codes.first, codes.second, points});
    comparison.differing += points;
  }
  std::ranges::stable_sort(comparison.changes, std::ranges::greater(), &Comparison::Change::points);
}

void compare_numbers(const FieldColumn& a, const FieldColumn& b, Comparison& comparison) {
  for (std::size_t i = 0; i < comparison.points; ++i) {
    const double x = a(i);
    const double y = b(i);
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    ++comparison.differing;
    comparison.largest = std::fmax(comparison.largest, std::abs(x - y));
  }
}

}  // namespace

Comparison compare(const Compared& a, const Compared& b, const ClassNames& classes) {
  Comparison comparison{.problem = "", .sources = {a.source, b.source}, .points = a.cloud.size()};
  if (a.cloud.size() != b.cloud.size()) {
    comparison.problem = "the clouds have " + std::to_string(a.cloud.size()) + " and " +
                         std::to_string(b.cloud.size()) + " points, so none are compared";
    return comparison;
  }
  const bool classes_in_a = a.source.kind == view::ColorKind::kClasses;
  if (classes_in_a != (b.source.kind == view::ColorKind::kClasses)) {
    comparison.problem = (classes_in_a ? a : b).source.name + " holds classes and " +
                         (classes_in_a ? b : a).source.name +
                         " does not, so no points are compared";
    return comparison;
  }
  const std::vector<FieldColumn> left = columns_of(a);
  const std::vector<FieldColumn> right = columns_of(b);
  if (left.size() != 1 || right.size() != 1) {
    comparison.problem = (left.size() != 1 ? a : b).source.name +
                         " is no field of one value, so no points are compared";
  } else if (are_classes(a, b)) {
    SameMeaning same(classes(a.source), classes(b.source));
    compare_classes(left.front(), right.front(), same, comparison);
  } else {
    compare_numbers(left.front(), right.front(), comparison);
  }
  return comparison;
}

std::vector<bool> differing_points(const Compared& a, const Compared& b,
                                   const ClassNames& classes) {
  const Field* const left = a.cloud.find(a.source.name);
  const Field* const right = b.cloud.find(b.source.name);
  if (!are_classes(a, b) || a.cloud.size() != b.cloud.size() || left == nullptr ||
      right == nullptr) {
    return {};
  }
  SameMeaning same(classes(a.source), classes(b.source));
  std::vector<bool> differs(a.cloud.size());
  for (std::size_t i = 0; i < differs.size(); ++i) {
    differs[i] =
        !same({view::class_code(left->as_double(i)), view::class_code(right->as_double(i))});
  }
  return differs;
}

}  // namespace ptattn::tools
