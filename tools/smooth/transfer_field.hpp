#pragma once

#include <memory>

#include "../batch.hpp"
#include "settings.hpp"

namespace ptattn::tools {

struct TransferSource;

/// Carries a field from one cloud to others. The cloud that has it is read once, and what it
/// teaches is learnt once.
class FieldTransfer {
 public:
  /// Reads the cloud that has the field. `settings` must outlive the object.
  /// @throws Error(Fault::kInput) when it cannot be read or has no such field of one value
  explicit FieldTransfer(const SmoothSettings& settings);
  ~FieldTransfer();
  FieldTransfer(const FieldTransfer&) = delete;
  FieldTransfer& operator=(const FieldTransfer&) = delete;

  /// Reads a cloud, carries the field over, writes the job's output: piece by piece where all of it
  /// would take more memory than allowed, with the same bytes.
  /// @throws Error as the tool documents
  [[nodiscard]] FileReport process(const Job& job, Progress& progress);

 private:
  const SmoothSettings& settings_;
  std::unique_ptr<TransferSource> source_;
};

}  // namespace ptattn::tools
