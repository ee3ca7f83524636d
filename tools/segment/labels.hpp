#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/provenance.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn::tools {

/// What is written into the clouds.
struct LabelFields {
  std::string field = "label";  ///< uint32; uint8 for ASPRS codes
  std::string prefix;           ///< before the names of all new fields
  bool asprs_codes = false;     ///< ASPRS codes instead of the numbers of the model's classes
  bool probabilities = false;   ///< a field p_CLASS for each class
  bool colorize = false;        ///< red green blue from the model's palette
  bool replace = false;         ///< new fields may take the place of old ones
  /// Whether a LAS or LAZ file gets ASPRS codes in its classification, where its users look; false
  /// when the command line says where labels go, or what they are.
  bool label_by_format = true;
  /// Points of less confidence get a code of their own: ASPRS 1, unclassified, or -1 among numbers
  /// of classes. 0: none.
  double unsure_below = 0.0;
  std::vector<std::size_t> instances{};  ///< classes whose things are numbered
  bool replace_label = false;  ///< the labels may take the place of old ones, whatever `replace` is

  /// The same, settled for a file of this name.
  [[nodiscard]] LabelFields for_output(const std::filesystem::path& output,
                                       const SegmenterDescription& model) const;
};

/// The names of the fields that `fields` adds, in their order, colours left out.
/// @throws Error(Fault::kUsage) when two of them, or one of them and the coordinates or the colours
///         to be added, have one name
[[nodiscard]] std::vector<std::string> new_fields(const LabelFields& fields,
                                                  const SegmenterDescription& model);

/// @throws Error(Fault::kUsage) when the cloud has a field of a new one's name, unless these may be
///         replaced
void check_new_fields(const PointCloud& cloud, const LabelFields& fields,
                      const SegmenterDescription& model);

/// Adds them to a cloud. Points without usable coordinates get zeros, and grey where colours are
/// wanted; so are unsure ones.
///
/// With `fields.replace` a field of a new one's name is overwritten where it stands; it keeps its
/// type if that can hold whatever the model may say (a uchar classification stays a uchar), else it
/// gets the type that a new one has. Old colours are dropped then.
void add_labels(PointCloud& cloud, const Segmentation& result, const LabelFields& fields,
                const SegmenterDescription& model, const std::filesystem::path& output);

/// Adds to the comments of a cloud what `run` wrote into it: what the numbers of its label field
/// stand for, and what the other new fields hold.
void add_origin(PointCloud& cloud, const Provenance& run, const LabelFields& fields,
                const SegmenterDescription& model);

}  // namespace ptattn::tools
