#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ptattn::train {

/// Holds weights that are trained together, with their gradients.
struct ParameterGroup {
  std::span<float> values;
  std::span<float> gradients;  ///< of the same size
  double rate = 1.0;           ///< factor of the learning rate; 0: frozen
  double weight_decay = 0.0;
};

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

/// Holds Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2):
///
///   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
///   w = w - rate (decay w + (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon))
///
/// Refers to the groups' memory. The same bits for any thread count.
class AdamW {
 public:
  /// @throws Error(Fault::kUsage) when a group's gradients are not as many as its values
  explicit AdamW(std::vector<ParameterGroup> groups, const AdamWOptions& options = {});

  [[nodiscard]] const std::vector<ParameterGroup>& groups() const { return groups_; }
  /// Returns Euclidean norm of the gradients of all groups that are not frozen.
  [[nodiscard]] double gradient_norm() const;
  /// Scales the gradients so that their norm is `largest` at most; the norm before.
  double clip_gradients(double largest);
  /// Takes one step with the gradients as they are.
  void step(double learning_rate);

  /// Returns what a checkpoint keeps: the first and second moments, group after group, and the
  /// steps taken.
  [[nodiscard]] std::span<float> first_moments() { return first_; }
  [[nodiscard]] std::span<const float> first_moments() const { return first_; }
  [[nodiscard]] std::span<float> second_moments() { return second_; }
  [[nodiscard]] std::span<const float> second_moments() const { return second_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  void set_steps(std::uint64_t steps) { steps_ = steps; }

 private:
  /// Represents a part of a group that a task works on, so that large and small groups keep all
  /// threads busy together.
  struct Piece {
    std::size_t group;
    std::size_t begin;  ///< value of the group
    std::size_t count;
    std::size_t moments;  ///< begin of its moments
  };

  template <class Body>
  void for_each_piece(const Body& body) const;

  std::vector<ParameterGroup> groups_;
  std::vector<Piece> pieces_;
  AdamWOptions options_;
  std::vector<float> first_;
  std::vector<float> second_;
  std::uint64_t steps_ = 0;
};

}  // namespace ptattn::train
