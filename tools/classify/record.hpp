#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/cloud/provenance.hpp"
#include "ptattn/models/precision.hpp"
#include "ptattn/tasks/geometry/hint.hpp"

namespace ptattn::tools {

/// What is said about one input.
struct Record {
  std::string path;                                   ///< as named or found, raw bytes
  std::optional<std::size_t> points;                  ///< of the file, when it could be read
  std::vector<std::pair<std::string, double>> top_k;  ///< best class first; empty on failure
  std::string up;                                     ///< axis taken as up: "x", "y" or "z"
  std::optional<double> seconds;                      ///< reading and computing; absent: not asked
  std::string error;                                  ///< why it failed; empty on success
  bool unknown = false;                               ///< too little is certain to name a class
  std::optional<double> strangeness{};  ///< see FamiliarScores; absent: the model cannot tell
  std::optional<bool> unusual{};        ///< whether it is unlike what the model was validated on
  std::vector<Hint> warnings{};         ///< why the class is doubtful

  [[nodiscard]] bool failed() const { return !error.empty(); }
  /// The best class, or "unknown".
  [[nodiscard]] std::string class_name() const { return unknown ? "unknown" : top_k.front().first; }
};

/// What a record was made with.
struct MadeBy {
  std::string model;
  Precision precision = Precision::kFloat32;
  Provenance run{};  ///< command, version, hash of the model, options; without a tool not told

  /// True for the same model and precision, whatever the run.
  friend bool operator==(const MadeBy& a, const MadeBy& b) {
    return a.model == b.model && a.precision == b.precision;
  }
};

/// One of the output formats. `line` is pure: the same record gives the same bytes.
class RecordFormat {
 public:
  virtual ~RecordFormat() = default;
  /// What stands before the first record; may be empty.
  [[nodiscard]] virtual std::string header() const = 0;
  /// One record with its newline. Never more than one line of text, whatever a path holds, except
  /// CSV, whose quoted fields may hold newlines.
  [[nodiscard]] virtual std::string line(const Record& record) const = 0;
  /// What stands between two records.
  [[nodiscard]] virtual std::string between() const { return {}; }
  /// What stands behind the last record.
  [[nodiscard]] virtual std::string footer() const { return {}; }
};

/// JSON Lines: an object a line with the keys path, points, class, confidence, top_k, up,
/// strangeness and unusual (where the model can tell), warnings (where there are any), seconds,
/// model, made_by, or path, points (if read), error, seconds, model, made_by on failure. The key
/// precision is there behind model unless it is float32. Probabilities have six decimals. Bytes of
/// a path that are not UTF-8 become U+FFFD.
[[nodiscard]] std::unique_ptr<RecordFormat> make_jsonl_format(MadeBy made_by);

/// One JSON array of the same objects.
[[nodiscard]] std::unique_ptr<RecordFormat> make_json_format(MadeBy made_by);

/// CSV after RFC 4180 (but LF line ends) with a header line: path, points, class, confidence,
/// class_2, confidence_2, ... up to `top_k`, up, seconds (if `timing`), model, precision (unless it
/// is float32), error.
[[nodiscard]] std::unique_ptr<RecordFormat> make_csv_format(MadeBy made_by, std::size_t top_k,
                                                            bool timing);

/// Aligned text: the path below the common folder of `paths`, the class with its confidence,
/// `top_k` - 1 runners-up, the number of points. `classes` are all names the model knows; they set
/// the width of the columns before the first record is there.
[[nodiscard]] std::unique_ptr<RecordFormat> make_table_format(
    const std::vector<std::string>& paths, const std::vector<std::string>& classes,
    std::size_t top_k);

/// `text` as a JSON file holds it: bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string as_json_text(std::string_view text);

}  // namespace ptattn::tools
