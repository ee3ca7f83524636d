#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

#include "ptattn/io/las/laz/integer_codec.hpp"
#include "ptattn/io/las/laz/models.hpp"

namespace ptattn::io::las::laz {

/// Codes GPS times, as the integers that their bits are, along up to four interleaved sequences:
/// a time is a multiple of its sequence's usual step away from the one before, or it begins
/// another.
///
/// @tparam kMayStay  true for the pointwise item (version 2), which codes equal times too; the
///                   layered one is told elsewhere that a time changed
template <bool kMayStay>
class TimeCodec {
 public:
  void start(std::int64_t first) {
    times_ = {first, 0, 0, 0};
    steps_.fill(0);
    odd_steps_.fill(0);
    current_ = newest_ = 0;
    first_step_.reset();
    multiple_.reset();
    step_codec_.reset();
  }

  template <class Coder>
  std::int64_t code(Coder& coder, std::int64_t time) {
    if constexpr (Coder::kEncodes) {
      while (!encode(coder, time)) {
      }
    } else {
      // A stream that an encoder wrote changes the sequence once at most.
      for (int attempts = 0; attempts < 3 && !decode(coder); ++attempts) {
      }
    }
    return times_[current_];
  }

 private:
  static constexpr std::int32_t kMostMultiple = 500;
  static constexpr std::int32_t kLeastMultiple = -10;
  static constexpr unsigned kRange = kMostMultiple - kLeastMultiple;
  // Symbols where the sequence has no step yet: stay, a step of 32 bits, another sequence.
  static constexpr unsigned kFirstStep = kMayStay ? 1 : 0;
  // Symbols behind the multiples: stay, a new sequence, one of the three others.
  static constexpr unsigned kStay = kRange + 1;
  static constexpr unsigned kNewSequence = kMayStay ? kRange + 2 : kRange + 1;

  enum Context : std::size_t {
    kFirst,
    kOnce,
    kFew,
    kMany,
    kMost,
    kBackwards,
    kLeast,
    kNone,
    kHigh
  };

  static std::optional<std::int32_t> step_between(std::int64_t from, std::int64_t to) {
    const auto step = static_cast<std::int64_t>(static_cast<std::uint64_t>(to) -
                                                static_cast<std::uint64_t>(from));
    const auto short_step = static_cast<std::int32_t>(step);
    if (step != short_step) return std::nullopt;
    return short_step;
  }

  void advance(std::int32_t step) {
    times_[current_] = static_cast<std::int64_t>(static_cast<std::uint64_t>(times_[current_]) +
                                                 static_cast<std::uint64_t>(std::int64_t{step}));
  }

  /// Returns the multiple of the usual step, in steps of 32 bits.
  [[nodiscard]] std::int32_t multiple_of_step(std::int32_t multiple) const {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(multiple) *
                                     static_cast<std::uint32_t>(steps_[current_]));
  }

  /// A fourth step in a row that was far from the usual one becomes the usual one.
  void note_odd_step(std::int32_t step) {
    if (++odd_steps_[current_] <= 3) return;
    steps_[current_] = step;
    odd_steps_[current_] = 0;
  }

  /// Codes a step as that multiple of the usual one, and makes it.
  template <class Coder>
  void code_step(Coder& coder, std::int32_t multiple, Context context, std::int32_t step) {
    const std::int32_t found = step_codec_.code(coder, multiple_of_step(multiple), step, context);
    advance(found);
    if (context == kOnce) odd_steps_[current_] = 0;
    if (context == kMost || context == kLeast || context == kNone) note_odd_step(found);
  }

  static Context context_of(std::int32_t multiple) {
    if (multiple == 1) return kOnce;
    if (multiple == 0) return kNone;
    if (multiple < 0) return multiple > kLeastMultiple ? kBackwards : kLeast;
    if (multiple >= kMostMultiple) return kMost;
    return multiple < 10 ? kFew : kMany;
  }

  template <class Coder>
  void code_first_step(Coder& coder, std::int32_t step) {
    steps_[current_] = step_codec_.code(coder, 0, step, kFirst);
    advance(steps_[current_]);
    odd_steps_[current_] = 0;
  }

  template <class Coder>
  void code_new_sequence(Coder& coder, std::int64_t time) {
    const auto bits = static_cast<std::uint64_t>(time);
    const auto last = static_cast<std::uint64_t>(times_[current_]);
    const auto high =
        static_cast<std::uint32_t>(step_codec_.code(coder, static_cast<std::int32_t>(last >> 32U),
                                                    static_cast<std::int32_t>(bits >> 32U), kHigh));
    const std::uint32_t low = coder.word(static_cast<std::uint32_t>(bits));
    newest_ = (newest_ + 1) & 3U;
    current_ = newest_;
    times_[current_] = static_cast<std::int64_t>(std::uint64_t{high} << 32U | low);
    steps_[current_] = 0;
    odd_steps_[current_] = 0;
  }

  /// Returns how far the next sequence is that `time` belongs to; 0 for none.
  [[nodiscard]] unsigned other_sequence(std::int64_t time) const {
    for (unsigned i = 1; i < 4; ++i) {
      if (step_between(times_[(current_ + i) & 3U], time)) return i;
    }
    return 0;
  }

  /// Returns the multiple of the usual step that is nearest to `step`, cut to what is coded as one.
  [[nodiscard]] std::int32_t nearest_multiple(std::int32_t step) const {
    const float ratio = static_cast<float>(step) / static_cast<float>(steps_[current_]);
    const float cut = std::clamp(ratio, -1000.0F, 1000.0F);
    const auto whole = static_cast<std::int32_t>(cut >= 0.0F ? cut + 0.5F : cut - 0.5F);
    return std::clamp(whole, kLeastMultiple, kMostMultiple);
  }

  /// Returns false when it only changed the sequence.
  template <class Coder>
  bool encode(Coder& coder, std::int64_t time) {
    const bool has_step = steps_[current_] != 0;
    const auto put = [&](unsigned first, unsigned multiple) {
      if (has_step) {
        coder.symbol(multiple_, multiple);
      } else {
        coder.symbol(first_step_, first);
      }
    };
    const auto step = step_between(times_[current_], time);
    if (kMayStay && step == 0) {
      put(0, kStay);
      return true;
    }
    if (!step) {
      const unsigned other = other_sequence(time);
      put(kFirstStep + 1 + other, kNewSequence + other);
      if (other == 0) {
        code_new_sequence(coder, time);
        return true;
      }
      current_ = (current_ + other) & 3U;
      return false;
    }
    if (!has_step) {
      put(kFirstStep, 0);
      code_first_step(coder, *step);
      return true;
    }
    const std::int32_t multiple = nearest_multiple(*step);
    coder.symbol(multiple_,
                 static_cast<unsigned>(multiple < 0 ? kMostMultiple - multiple : multiple));
    code_step(coder, multiple, context_of(multiple), *step);
    return true;
  }

  /// Returns false when it only changed the sequence.
  template <class Coder>
  bool decode(Coder& coder) {
    if (steps_[current_] == 0) {
      const unsigned found = coder.symbol(first_step_);
      if (kMayStay && found == 0) return true;
      if (found == kFirstStep) {
        code_first_step(coder, 0);
      } else if (found == kFirstStep + 1) {
        code_new_sequence(coder, 0);
      } else {
        current_ = (current_ + found - kFirstStep - 1) & 3U;
        return false;
      }
      return true;
    }
    const unsigned found = coder.repeated_symbol(multiple_);
    if (kMayStay && found == kStay) return true;
    if (found > kNewSequence) {
      current_ = (current_ + found - kNewSequence) & 3U;
      return false;
    }
    if (found == kNewSequence) {
      code_new_sequence(coder, 0);
      return true;
    }
    const auto symbol = static_cast<std::int32_t>(found);
    const std::int32_t multiple = symbol > kMostMultiple ? kMostMultiple - symbol : symbol;
    code_step(coder, multiple, context_of(multiple), 0);
    return true;
  }

  std::array<std::int64_t, 4> times_{};
  std::array<std::int32_t, 4> steps_{};      // usual ones, 0: none yet
  std::array<std::int32_t, 4> odd_steps_{};  // in a row
  unsigned current_ = 0;
  unsigned newest_ = 0;
  SymbolModel<kFirstStep + 5> first_step_;
  SymbolModel<kNewSequence + 4> multiple_;
  IntegerCodec<32, 9> step_codec_;
};

}  // namespace ptattn::io::las::laz
