#include "ptattn/io/las/record_layout.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/io/las/extra_bytes.hpp"
#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/point_format.hpp"

namespace ptattn::io::las {
namespace {

constexpr double kUsualScale = 0.01;
constexpr const char* kUndescribed = "extra_bytes";

std::string unique_name(const RecordLayout& layout, const std::string& wanted) {
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::find(layout.columns, name, &LasColumn::name) != layout.columns.end();
  };
  std::string name = wanted;
  for (int i = 2; is_taken(name); ++i) name = wanted + "_" + std::to_string(i);
  return name;
}

}  // namespace

RecordLayout layout_of_format(unsigned format, const std::array<double, 3>& scale,
                              const std::array<double, 3>& offset) {
  RecordLayout layout{.format = format, .stride = size_of_format(format)};
  constexpr std::array<const char*, 3> kAxes{"x", "y", "z"};
  for (std::size_t axis = 0; axis < kAxes.size(); ++axis) {
    layout.columns.push_back(
        {.name = kAxes[axis],
         .stored = FieldType::kInt32,
         .offset = 4 * axis,
         .steps = {{scale[axis] == 0.0 ? kUsualScale : scale[axis], offset[axis]}}});
  }
  for (const Dimension& dimension : dimensions_of_format(format)) {
    layout.columns.push_back({.name = std::string(dimension.name),
                              .stored = dimension.type,
                              .offset = dimension.offset,
                              .shift = dimension.shift,
                              .bits = dimension.bits});
  }
  return layout;
}

void append_extra_columns(RecordLayout& layout, std::size_t stride,
                          std::span<const std::byte> descriptors) {
  for (const ExtraDescriptor& extra : parse_extra_bytes(descriptors)) {
    LasColumn column{.name = unique_name(layout, field_name_of(extra)),
                     .stored = extra.type,
                     .offset = layout.stride,
                     .count = extra.count,
                     .steps = extra.steps};
    if (column.size() > stride - layout.stride) break;  // what follows does not fit either
    layout.stride += column.size();
    if (column.count > 0) layout.columns.push_back(std::move(column));
  }
  if (layout.stride == stride) return;
  layout.columns.push_back({.name = unique_name(layout, kUndescribed),
                            .stored = FieldType::kUInt8,
                            .offset = layout.stride,
                            .count = static_cast<std::uint32_t>(stride - layout.stride)});
  layout.stride = stride;
}

const LasRecord* find_extra_bytes(std::span<const LasRecord> records) {
  const auto found = std::ranges::find_if(records, [](const LasRecord& record) {
    return is_record(record, kStandardUser, kExtraBytesRecord);
  });
  return found == records.end() ? nullptr : &*found;
}

RecordLayout layout_of_file(const LasHeader& header, std::span<const LasRecord> records) {
  RecordLayout layout = layout_of_format(header.format, header.scale, header.offset);
  const LasRecord* const extra = find_extra_bytes(records);
  append_extra_columns(layout, header.record_length,
                       extra == nullptr ? std::span<const std::byte>() : std::span(extra->data));
  return layout;
}

}  // namespace ptattn::io::las
