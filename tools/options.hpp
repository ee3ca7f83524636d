#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "ptattn/models/preprocessing.hpp"

namespace CLI {
class App;
}

namespace ptattn::tools {

/// Options that several commands have in common.

/// --up AXIS: z, y, x or auto, which becomes nullopt. `up` holds the default and must outlive the
/// parsing.
void add_up_option(CLI::App& app, std::optional<Axis>& up);

/// A check of CLI11 for names of fields: what is wrong with `name`, or nothing. PLY and PCD files
/// cannot hold names with blanks.
[[nodiscard]] std::string refuse_blanks(const std::string& name);

/// Which of a model's categories of objects --category `name` is, in any case.
/// @throws Error(Fault::kUsage) when it is none of them
[[nodiscard]] std::size_t find_category(const std::string& name,
                                        std::span<const std::string> categories,
                                        const std::string& model);

}  // namespace ptattn::tools
