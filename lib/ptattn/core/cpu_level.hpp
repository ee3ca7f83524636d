#pragma once

#include <string>
#include <vector>

namespace ptattn {

/// CPU levels: the instruction sets that the kernels are compiled for. The best one that the CPU
/// has is used unless limit_cpu_level says otherwise. From the best to the lowest:
///
///   x86-64   amx  avx10_2  avx512_spr  avx512_zen4  avx512_dl  avx512  avx2  sse4  ssse3  scalar
///   arm64    neon
///
/// The same input gives the same bytes at one level, but not at two: vectors of other widths sum in
/// another order, and not every level has a fused multiply-add. `amx` alone agrees with the level
/// below it: the matrix unit does 8-bit products, whose sums are exact. Which levels there are is
/// Highway's choice: those beyond avx512_dl need a newer one than Debian 12's.

/// Returns the levels of this machine, the best first; those above the limit, if there is one, left
/// out.
[[nodiscard]] std::vector<std::string> cpu_levels();

/// Limits the kernels called from now on to the level `name`, in the whole process. Takes effect
/// between calls of the library, not during one.
/// @param name  of cpu_levels(), or "baseline" for the lowest of them
/// @throws      Error(Fault::kUsage, `subject`) when it is neither
void limit_cpu_level(const std::string& name, const std::string& subject);

/// Takes the limit off.
void lift_cpu_limit();

/// Returns whether kernels use AMX, the matrix unit of some x86-64 CPUs: the CPU has it, the system
/// lets this process have its registers, and no limit excludes it.
[[nodiscard]] bool uses_amx();

/// Returns whether products of bfloat16 are done by an instruction of the CPU (AVX512_BF16) that is
/// twice as fast as float32. Else they are done by float32 multiply-adds with the same bits, more
/// slowly than in float32.
[[nodiscard]] bool has_bf16_unit();

/// Returns whether the CPU has that instruction and is fast at it, whatever the limit. CPUs made by
/// Intel (up to Emerald Rapids) have it, at half the rate of float32: their unit for bfloat16 is
/// AMX. The CPU is asked once, which in a virtual machine takes as long as a small product.
[[nodiscard]] bool cpu_has_bf16();

}  // namespace ptattn
