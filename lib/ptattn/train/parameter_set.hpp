#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/files/weights.hpp"
#include "ptattn/train/weight_type.hpp"

namespace ptattn::train {

struct NamedTensor;

/// Says where the values of a parameter start: constant + uniform u + normal z with u in [-1, 1)
/// and z of the standard normal distribution cut off at 2.
struct InitialValues {
  float constant = 0.0F;
  float uniform = 0.0F;
  float normal = 0.0F;
};

/// Represents a tensor that training changes, under the name that public checkpoints use.
struct Parameter {
  std::string name;                ///< "enc.enc0.block0.attn.qkv.weight"
  std::vector<std::size_t> shape;  ///< row-major
  bool decays = false;             ///< weight decay applies: matrices, not norms and biases
  bool is_head = false;            ///< belongs to the layer that names the classes
  std::size_t depth = 0;           ///< layers below it, for layer-wise rates: 0 at the input
  bool in_block = false;           ///< of a Transformer block, which may learn more slowly
  bool in_bf16 = false;            ///< products with it are of numbers rounded to bfloat16
  std::string alias{};             ///< a second name of the same tensor; empty: none
  InitialValues initial{};
  std::span<float> value{};     ///< of ParameterSet::values()
  std::span<float> gradient{};  ///< of ParameterSet::gradients()

  [[nodiscard]] std::size_t size() const;
};

/// Represents a tensor that belongs to the weights and has no gradient: running statistics of a
/// batch norm.
struct Buffer {
  std::string name;
  std::vector<std::size_t> shape;
  float initial = 0.0F;
  std::span<float> value{};  ///< of ParameterSet::buffer_values()

  [[nodiscard]] std::size_t size() const;
};

/// Owns the parameters of a network in float32, their gradients and its buffers. Values lie in
/// one piece, and so do gradients, both in the same layout, so that an optimizer or an average runs
/// over flat spans. Every parameter begins at a multiple of 64 bytes; the filling between
/// parameters is zero in both and must stay so (any update that maps value 0 and gradient 0 to 0
/// does that).
///
/// First all parameters are declared, then `allocate` gives them memory. References to parameters
/// and buffers stay valid as long as the set lives.
class ParameterSet {
 public:
  ParameterSet() = default;
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  /// Declares a parameter; `value` and `gradient` are set by `allocate`.
  Parameter& declare(Parameter parameter);
  Buffer& declare(Buffer buffer);
  /// Sets Parameter::in_bf16 of the parameters whose name `choose` says yes to.
  void round_products(const std::function<bool(const std::string& name)>& choose);
  /// Sets Parameter::in_block of the parameters declared since there were `first`.
  void mark_block(std::size_t first);
  /// Gives memory to all that was declared: values and gradients zero, buffers initial.
  void allocate();
  /// Draws the initial values. Those of a parameter depend on the seed and on its name alone.
  void initialize(std::uint64_t seed);

  [[nodiscard]] std::deque<Parameter>& parameters() { return parameters_; }
  [[nodiscard]] const std::deque<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] const std::deque<Buffer>& buffers() const { return buffers_; }
  [[nodiscard]] std::span<float> values() { return values_.values(); }
  [[nodiscard]] std::span<const float> values() const { return values_.values(); }
  [[nodiscard]] std::span<float> gradients() { return gradients_.values(); }
  [[nodiscard]] std::span<const float> gradients() const { return gradients_.values(); }
  [[nodiscard]] std::span<float> buffer_values() { return buffer_values_.values(); }
  [[nodiscard]] std::span<const float> buffer_values() const { return buffer_values_.values(); }
  /// Numbers that training changes.
  [[nodiscard]] std::size_t parameter_count() const;

  void clear_gradients();

  /// Reads values and buffers by name. Names may carry the prefixes `module.` and `backbone.`.
  /// @param strict  false: what `weights` lacks or has in another shape stays as it is (a head
  ///                of other classes)
  /// @return        names of the parameters and buffers that stayed as they were
  /// @throws Error(Fault::kModel) naming all that does not fit, if `strict`
  std::vector<std::string> load(const WeightSource& weights, bool strict = true);
  /// Returns the views of the parameters, their aliases and the buffers, as `save` writes them.
  [[nodiscard]] std::vector<NamedTensor> tensors(std::span<const float> values,
                                                 std::span<const float> buffers,
                                                 WeightType type) const;
  /// Writes `path` as safetensors: parameters, their aliases and buffers.
  /// @param values   in the layout of values(): these, or an average of them
  /// @param buffers  in the layout of buffer_values()
  /// @param type     of matrices; biases, norms and buffers are float32
  /// @throws Error(Fault::kInput) when the file cannot be written
  void save(const std::filesystem::path& path, std::span<const float> values,
            std::span<const float> buffers, WeightType type = WeightType::kFloat32) const;
  void save(const std::filesystem::path& path) const;

 private:
  std::deque<Parameter> parameters_;
  std::deque<Buffer> buffers_;
  Matrix values_;         // [1, size]
  Matrix gradients_;      // [1, size]
  Matrix buffer_values_;  // [1, size]
};

}  // namespace ptattn::train
