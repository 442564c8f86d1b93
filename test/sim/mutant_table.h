#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "test/support/mutants.h"

namespace hw::sim {

/// A mutant by its name, as `hw-sim --mutant` takes it.
struct NamedMutant {
    std::string_view name;
    std::function<void(Mutants&)> switch_on;
};

/// All mutants.
[[nodiscard]] std::span<const NamedMutant> all_mutants();

/// The switches with only this mutant on; nullopt: there is none of that name.
[[nodiscard]] std::optional<Mutants> find_mutant(std::string_view name);

}  // namespace hw::sim
