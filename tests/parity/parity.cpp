// parity [--tolerance X] CASE.json...
//
// Compares the networks with outputs of their original implementations, tensor by tensor. Exit
// code: 0 all agree, 1 some differ by more than the tolerance, 2 an architecture is unknown (the
// other cases still ran), 4 a file is broken; 64 wrong usage. The first of 4, 1, 2 that applies.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "golden_case.hpp"
#include "ptattn/core/cpu_level.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/registry.hpp"
#include "shuffled_orders.hpp"

namespace {

using ptattn::test::Comparison;

enum Outcome { kAgrees = 0, kDiffers = 1, kUnknown = 2, kBroken = 4, kUsage = 64 };

bool is_output(const Comparison& c) {
  return c.name.starts_with("out.");
}

Outcome report(const std::string& path, const std::vector<Comparison>& comparisons,
               double tolerance) {
  // A case without outputs proves nothing.
  Outcome outcome = std::ranges::any_of(comparisons, is_output) ? kAgrees : kDiffers;
  std::printf("%s\n  %-36s %12s %12s\n", path.c_str(), "tensor", "absolute", "relative");
  for (const Comparison& c : comparisons) {
    if (!c.compared) {
      std::printf("  %-36s not compared: %s\n", c.name.c_str(), c.note.c_str());
      if (is_output(c)) outcome = kDiffers;
      continue;
    }
    const bool close = c.relative <= tolerance;
    if (!close) outcome = kDiffers;
    std::printf("  %-36s %12.3e %12.3e  %s%s%s\n", c.name.c_str(), c.absolute, c.relative,
                close ? "ok" : "FAIL", c.note.empty() ? "" : ": ", c.note.c_str());
  }
  if (std::ranges::none_of(comparisons, is_output)) std::printf("  FAIL: the case has no out.*\n");
  return outcome;
}

/// @param tolerance  0: 1e-4 for whole clouds; 1e-3 for deep networks over points, each of whose
///                   normalisations amplifies rounding
Outcome run_case(const std::string& path, double tolerance) {
  try {
    const auto golden = ptattn::test::read_golden_case(path);
    const auto& [architecture, weights, data] = golden;
    const auto task = ptattn::task_of(architecture.architecture);
    if (task == ptattn::ModelTask::kClassification) {
      const auto network = ptattn::make_classifier(architecture, weights);
      return report(path, ptattn::test::compare(*network, data),
                    tolerance > 0.0 ? tolerance : 1e-4);
    }
    if (task == ptattn::ModelTask::kPoints) {
      const auto [network, orders] = ptattn::test::make_explained_network(golden);
      const Outcome outcome =
          report(path, ptattn::test::compare(*network, data), tolerance > 0.0 ? tolerance : 1e-3);
      if (!orders.empty()) std::printf("  orders found: %s\n", orders.c_str());
      return outcome;
    }
    std::printf("%s: architecture \"%s\" is unknown\n", path.c_str(),
                architecture.architecture.c_str());
    return kUnknown;
  } catch (const ptattn::Error& e) {
    std::fprintf(stderr, "parity: %s\n", e.what());
    return kBroken;
  }
}

/// A positive number, or nothing for anything else.
std::optional<double> parse_tolerance(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (*end != '\0' || !(value > 0.0)) return {};
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<double> tolerance = 0.0;
  std::vector<std::string> paths;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--tolerance" && i + 1 < argc) {
      tolerance = parse_tolerance(argv[++i]);
    } else {
      paths.push_back(argument);
    }
  }
  if (paths.empty() || !tolerance) {
    std::fprintf(stderr, "usage: parity [--tolerance X] CASE.json...\n");
    return kUsage;
  }
  try {
    if (const char* level = std::getenv("PTATTN_CPU")) ptattn::limit_cpu_level(level, "PTATTN_CPU");
  } catch (const ptattn::Error& e) {
    std::fprintf(stderr, "parity: %s\n", e.what());
    return kUsage;
  }
  std::set<Outcome> outcomes;
  for (const std::string& path : paths) outcomes.insert(run_case(path, *tolerance));
  for (const Outcome outcome : {kBroken, kDiffers, kUnknown}) {
    if (outcomes.contains(outcome)) return outcome;
  }
  return kAgrees;
}
