#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace hw {

/// A seeded random number generator (xoshiro256**, seeded by splitmix64). The same seed gives the
/// same numbers on every machine. For jitter, placement and tests; never for secrets.
class Random {
public:
    explicit constexpr Random(std::uint64_t seed) {
        for (std::uint64_t& word : state_) {
            seed += 0x9E37'79B9'7F4A'7C15;
            std::uint64_t mixed = seed;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58'476D'1CE4'E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EB;
            word = mixed ^ (mixed >> 31);
        }
    }

    constexpr std::uint64_t next() {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    /// Uniform in [0, bound), with a bias below 2^-32 for bounds below 2^32. `bound` is at least 1.
    constexpr std::uint64_t below(std::uint64_t bound) { return next() % bound; }

    /// Uniform in [low, high], both included.
    constexpr std::int64_t between(std::int64_t low, std::int64_t high) {
        const auto width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
        const std::uint64_t step = width == UINT64_MAX ? next() : below(width + 1);
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + step);
    }

    /// True with probability `numerator / denominator`.
    constexpr bool chance(std::uint64_t numerator, std::uint64_t denominator) {
        return below(denominator) < numerator;
    }

private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace hw
