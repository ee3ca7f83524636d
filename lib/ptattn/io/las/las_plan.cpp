#include "ptattn/io/las/las_plan.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/las/extra_bytes.hpp"
#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/new_las.hpp"
#include "ptattn/io/las/point_format.hpp"
#include "ptattn/io/las/provenance_records.hpp"
#include "ptattn/io/las/standard_fields.hpp"

namespace ptattn::io::las {
namespace {

constexpr std::size_t kLongestName = 32;
constexpr std::size_t kMostBytes = UINT16_MAX;  // of a record, and of a VLR

/// A cloud that was no LAS file may have other names for what the standard knows.
const Field* find_values(const PointCloud& cloud, const LasColumn& column) {
  const bool was_las = cloud.metadata().las != nullptr;
  const Field* const field = was_las ? cloud.find(column.name) : find_standard(cloud, column.name);
  return field != nullptr && field->count() == column.count ? field : nullptr;
}

bool has_colors(const PointCloud& cloud) {
  return cloud.find("red") != nullptr && cloud.find("green") != nullptr &&
         cloud.find("blue") != nullptr;
}

/// Another format where the cloud has got colours that the old one has no place for.
void add_colors_to_format(LasHeader& header, const PointCloud& cloud,
                          std::span<const LasRecord> records) {
  FormatParts parts = parts_of_format(header.format);
  if (parts.rgb || !has_colors(cloud)) return;
  const RecordLayout layout = layout_of_file(header, records);
  for (const char* const name : {"red", "green", "blue"}) {  // extra bytes may have these names
    if (std::ranges::find(layout.columns, name, &LasColumn::name) != layout.columns.end()) return;
  }
  constexpr unsigned kFirstWithColors = 2;
  const std::size_t extra = header.record_length - size_of_format(header.format);
  parts.rgb = true;
  header.format = static_cast<std::uint8_t>(format_with(parts));
  header.record_length = static_cast<std::uint16_t>(size_of_format(header.format) + extra);
  header.minor_version = std::max(header.minor_version, kFirstWithColors);
}

/// The data of the VLR of extra bytes, made if there is none; only descriptors that fit are kept.
std::vector<std::byte>& extra_descriptors(LasPlan& plan, std::size_t described) {
  const auto is_extra = [](const LasRecord& record) {
    return is_record(record, kStandardUser, kExtraBytesRecord);
  };
  auto found = std::ranges::find_if(plan.records, is_extra);
  if (found == plan.records.end()) {
    plan.records.push_back(make_record(kStandardUser, kExtraBytesRecord, "extra bytes"));
    found = plan.records.end() - 1;
  }
  found->data.resize(std::min(found->data.size(), described * kExtraDescriptorSize));
  return found->data;
}

/// How a new field is stored: as it is, or counted in the steps that it is good to, 16 bits of
/// them.
ExtraDescriptor descriptor_of(const Field& field, const std::string& name) {
  ExtraDescriptor extra{.name = name, .type = field.type(), .count = field.count()};
  if (field.step() > 0.0) {
    extra.type = FieldType::kUInt16;
    extra.steps.assign(field.count(), {field.step(), 0.0});
  }
  return extra;
}

/// What the extra bytes of a file are once the fields of the cloud have been looked at.
class ExtraBytes {
 public:
  ExtraBytes(LasPlan& plan, const PointCloud& cloud, std::string_view subject)
      : plan_(plan), cloud_(cloud), subject_(subject) {
    plan_.layout = layout_of_file(plan_.header, plan_.records);
    standard_ = dimensions_of_format(plan_.header.format).size() + 3;
    count_descriptors();
  }

  /// Old extra bytes whose field has another type now are described again.
  void follow_types() {
    for (std::size_t d = 0; d < described_; ++d) {
      const LasColumn& column = plan_.layout.columns[standard_ + column_of_[d]];
      const Field* const field = cloud_.find(column.name);
      if (column_of_[d] == kNoColumn || field == nullptr ||
          (field->type() == column.field_type() && field->count() == column.count)) {
        continue;
      }
      check(*field, field->name());
      const ExtraDescriptor extra = descriptor_of(*field, field->name());
      retype_extra_bytes(descriptors(), d, extra);
      plan_.header.record_length = static_cast<std::uint16_t>(
          plan_.header.record_length - column.size() + size_of(extra.type) * extra.count);
    }
    plan_.layout = layout_of_file(plan_.header, plan_.records);
    const auto described =
        std::ranges::count_if(column_of_, [](std::size_t column) { return column != kNoColumn; });
    if (plan_.layout.columns.size() > standard_ + static_cast<std::size_t>(described)) {
      undescribed_ = plan_.layout.columns.back().count;
    }
  }

  void add(const Field& field, const std::string& name, std::string_view description) {
    check(field, name);
    describe_the_undescribed();
    const ExtraDescriptor extra = descriptor_of(field, name);
    append_extra_bytes(descriptors(), extra, description);
    ++described_;
    if (descriptors().size() > kMostBytes) fail("has more extra fields than LAS allows");
    const LasColumn column{.name = name,
                           .stored = extra.type,
                           .offset = plan_.layout.stride,
                           .count = extra.count,
                           .steps = extra.steps};
    if (plan_.layout.stride + column.size() > kMostBytes) {
      fail("needs records of more than 65535 bytes per point");
    }
    plan_.layout.stride += column.size();
    plan_.layout.columns.push_back(column);
    plan_.sources.push_back({.field = &field});
  }

 private:
  static constexpr std::size_t kNoColumn = SIZE_MAX;

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(Fault::kInput, subject_, problem);
  }

  void check(const Field& field, const std::string& name) const {
    if (name.size() > kLongestName) {
      fail("field " + name + " has a name longer than the 32 bytes that LAS allows");
    }
    if (!fits_extra_bytes(field.type(), field.count())) {
      fail("field " + name + " holds " + std::to_string(field.count()) +
           " values per point, LAS allows up to 3");
    }
  }

  /// Matches descriptors, of which some have no bytes, to columns.
  void count_descriptors() {
    const LasRecord* const record = find_extra_bytes(plan_.records);
    if (record == nullptr) return;
    std::size_t column = 0;
    std::size_t at = size_of_format(plan_.header.format);
    for (const ExtraDescriptor& extra : parse_extra_bytes(record->data)) {
      at += size_of(extra.type) * extra.count;
      if (at > plan_.header.record_length) break;
      column_of_.push_back(extra.count > 0 ? column++ : kNoColumn);
      ++described_;
    }
  }

  std::vector<std::byte>& descriptors() { return extra_descriptors(plan_, described_); }

  /// Bytes that nothing describes get descriptors, so that others can follow.
  void describe_the_undescribed() {
    while (undescribed_ > 0) {
      const auto part = std::min<std::uint32_t>(undescribed_, UINT8_MAX);
      append_extra_bytes(descriptors(), {.name = plan_.layout.columns.back().name, .count = part},
                         "");
      ++described_;
      undescribed_ -= part;
    }
  }

  LasPlan& plan_;
  const PointCloud& cloud_;
  std::string_view subject_;
  std::size_t standard_ = 0;   // columns of the format
  std::size_t described_ = 0;  // descriptors that fit into a record
  std::vector<std::size_t> column_of_;
  std::uint32_t undescribed_ = 0;  // bytes at the end of a record
};

ColumnSource source_of(const PointCloud& cloud, const LasColumn& column) {
  ColumnSource source{.field = find_values(cloud, column)};
  if (source.field == nullptr) return source;
  const bool is_color = column.stored == FieldType::kUInt16 &&
                        (column.name == "red" || column.name == "green" || column.name == "blue");
  constexpr unsigned kEightBitColors = 256;  // LAS 1.4 R15: multiply by 256
  if (is_color && source.field->type() == FieldType::kUInt8) source.factor = kEightBitColors;
  if (column.steps.empty() || cloud.metadata().las == nullptr) return source;
  const auto& exact = cloud.metadata().las->exact;
  const auto kept = std::ranges::find(exact, column.name, &Field::name);
  const bool usable = kept != exact.end() && kept->type() == column.stored &&
                      kept->count() == column.count &&
                      kept->bytes().size() == cloud.size() * column.size();
  if (usable) source.exact = &*kept;
  return source;
}

void check_coordinates(const PointCloud& cloud, std::string_view subject) {
  for (const char* const axis : {"x", "y", "z"}) {
    const Field* const field = find_standard(cloud, axis);
    if (field != nullptr && field->count() == 1) continue;
    throw Error(
        Fault::kInput, subject,
        std::string("has no field ") + axis + " of one value per point, LAS needs x, y and z");
  }
}

/// Fields of standard names whose values do not fit there are written as extra bytes instead; only
/// a cloud that was no LAS file has such.
bool belongs_to(const ColumnSource& source, const LasColumn& column, bool was_las) {
  return was_las || !column.steps.empty() || fits_column(source, column);
}

}  // namespace

LasPlan plan_las(const PointCloud& cloud, const LasOptions& options, std::string_view subject) {
  check_coordinates(cloud, subject);
  if (!cloud.metadata().point_lists.empty()) {
    throw Error(Fault::kInput, subject,
                "the cloud has lists of varying length (" +
                    cloud.metadata().point_lists.front().name +
                    "), which LAS cannot hold, expected a .ply file");
  }
  const bool was_las = cloud.metadata().las != nullptr;
  LasPlan plan;
  if (was_las) {
    const LasMetadata& metadata = *cloud.metadata().las;
    plan.block = metadata.header;
    plan.records = metadata.records;
    plan.header = parse_las_header(plan.block);
    add_colors_to_format(plan.header, cloud, plan.records);
  } else {
    start_new_las(plan, cloud, options, subject);
  }
  ExtraBytes extra(plan, cloud, subject);
  extra.follow_types();
  std::vector<const Field*> written;
  for (const LasColumn& column : plan.layout.columns) {
    ColumnSource source = source_of(cloud, column);
    if (source.field != nullptr && !belongs_to(source, column, was_las)) source = {};
    plan.sources.push_back(source);
    written.push_back(source.field);
  }
  const std::size_t known = plan.layout.columns.size();
  const FieldMeanings meanings(cloud.metadata().comments);
  for (const Field& field : cloud.fields()) {
    if (std::ranges::find(written, &field) != written.end()) continue;
    const auto columns = std::span(plan.layout.columns).first(known);
    const bool clashes =
        std::ranges::find(columns, field.name(), &LasColumn::name) != columns.end();
    const std::string type(name_of(field.type()));
    extra.add(field, clashes ? field.name() + "_" + type : field.name(), meanings.of(field.name()));
  }
  store_provenance_lines(cloud.metadata().comments, plan.records);
  plan.header.record_length = static_cast<std::uint16_t>(plan.layout.stride);
  return plan;
}

}  // namespace ptattn::io::las
