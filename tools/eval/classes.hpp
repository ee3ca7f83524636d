#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "label_map.hpp"
#include "ptattn/tasks/evaluation.hpp"
#include "ptattn/tasks/reliability_table.hpp"

namespace ptattn::tools {

/// How many items of one input carry each pair (true label, predicted label), the labels as texts.
/// An empty predicted label: nothing was predicted.
struct LabelledInput {
  using Pair = std::pair<std::string, std::string>;

  std::string name;
  std::map<Pair, std::uint64_t> pairs{};
  std::vector<std::string> notes{};  ///< what a user should know about it
  /// How sure the prediction was of the items of each pair, by bin: which of them are right is not
  /// known yet. Empty: not asked for.
  std::map<Pair, ReliabilityTable> confidences{};
};

/// Most classes: a confusion matrix holds the square of their number.
inline constexpr std::size_t kMaxClasses = 2000;

/// What the user says about labels.
struct ClassSettings {
  std::vector<std::string> names;  ///< names[i]: the class of label i; empty: not named
  LabelMap truth_map;
  LabelMap predicted_map;
  std::set<std::string> ignored;  ///< labels and classes to leave out
  LabelKind kind = LabelKind::kNames;
};

/// Which classes there are, and which of them a label means.
///
/// A label means: nothing, if it is ignored, or `nan` of points that has no map; what its side's
/// map says; else the class whose name or number it is; else, where no classes are named, itself.
/// Classes stand in the order of their names, else of the maps, else sorted (numbers by value).
class Classes {
 public:
  /// @throws Error(Fault::kUsage) when a map leads to a class that `names` does not hold, or when
  ///         there are more than kMaxClasses
  explicit Classes(ClassSettings settings);

  /// True when the classes are known without looking at labels.
  [[nodiscard]] bool fixed() const { return fixed_; }
  /// Adds the labels of inputs to the classes, unless these are fixed.
  /// @throws Error(Fault::kInput) when there are more than kMaxClasses: such numbers are no labels;
  ///         and when one side has names and the other numbers, so that none can agree
  void discover(const std::vector<LabelledInput>& inputs);
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// Checks what the user names against what there is: ignored names that are neither a class nor
  /// a label, labels of maps that no input has while it has one of nearly that name.
  /// @throws Error(Fault::kUsage) naming the first
  void check_names(const std::vector<LabelledInput>& inputs) const;
  /// Index among names() of a class named by the user, by name or number; a number that no input
  /// has is added, unless the classes are fixed.
  /// @throws Error(Fault::kUsage) with `option`
  [[nodiscard]] std::size_t require(const std::string& name, const std::string& option);

  /// Adds an input to a matrix of names().size() classes.
  /// @return how many items were left out since their true label is ignored
  /// @throws Error(Fault::kInput) naming the first label without a class
  std::uint64_t add(const LabelledInput& input, ConfusionMatrix& confusion) const;
  /// Adds the confidences of an input to a table. What was predicted as nothing does not count.
  void add(const LabelledInput& input, ReliabilityTable& table) const;

 private:
  struct Side;
  [[nodiscard]] std::optional<std::string> class_of(const std::string& label, const Side& side,
                                                    const std::string& subject) const;
  [[nodiscard]] std::optional<std::size_t> index_of(const std::string& name) const;
  [[nodiscard]] bool explains(const std::string& text) const;

  void add_name(const std::string& name);
  void check_number() const;

  ClassSettings settings_;
  std::set<std::string> named_;  // settings_.names
  bool fixed_ = false;
  std::vector<std::string> names_;
  std::map<std::string, std::size_t> indices_;  // of names_
};

}  // namespace ptattn::tools
