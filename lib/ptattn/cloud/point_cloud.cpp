#include "ptattn/cloud/point_cloud.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

bool same_field(const Field& a, const Field& b) {
  return a.name() == b.name() && a.type() == b.type() && a.count() == b.count() &&
         same_bytes(a.bytes(), b.bytes());
}

bool same_las(const std::shared_ptr<const LasMetadata>& a,
              const std::shared_ptr<const LasMetadata>& b) {
  return a == b || (a != nullptr && b != nullptr && identical(*a, *b));
}

bool same_metadata(const CloudMetadata& a, const CloudMetadata& b) {
  return a.comments == b.comments && a.obj_info == b.obj_info && a.elements == b.elements &&
         a.point_lists == b.point_lists && same_las(a.las, b.las) &&
         same_bytes(std::as_bytes(std::span(a.viewpoint)), std::as_bytes(std::span(b.viewpoint)));
}

}  // namespace

const Field* PointCloud::find(std::string_view name) const {
  const auto found = std::ranges::find(fields_, name, &Field::name);
  return found == fields_.end() ? nullptr : &*found;
}

Field* PointCloud::find(std::string_view name) {
  return const_cast<Field*>(std::as_const(*this).find(name));
}

Field& PointCloud::add(std::string name, FieldType type, std::uint32_t count) {
  if (find(name) != nullptr) {
    throw Error(Fault::kUsage, name, "the cloud already has a field of this name");
  }
  return fields_.emplace_back(std::move(name), type, size(), count);
}

RawVector<std::array<double, 3>> PointCloud::positions() const {
  RawVector<std::array<double, 3>> out(size());
  const FieldTriple axes = require_coordinates(*this);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    visit_type(axes[axis]->type(), [&]<class T>(T) {
      const std::span<const T> values = axes[axis]->values<T>();
      parallel_each(size(), 65536,
                    [&](std::size_t i) { out[i][axis] = static_cast<double>(values[i]); });
    });
  }
  return out;
}

bool identical(const LasMetadata& a, const LasMetadata& b) {
  return a.header == b.header && a.records == b.records && a.padding == b.padding &&
         a.extended_records == b.extended_records && a.chunk_points == b.chunk_points &&
         std::ranges::equal(a.exact, b.exact, same_field);
}

bool identical(const PointCloud& a, const PointCloud& b) {
  return a.width() == b.width() && a.height() == b.height() &&
         std::ranges::equal(a.fields(), b.fields(), same_field) &&
         same_metadata(a.metadata(), b.metadata());
}

}  // namespace ptattn
