#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace hw::sim {

/// A group with members, as these see it after the last fault. It has settled when all of them are
/// in one generation or epoch, in which each partition has one owner (G4).
class TeamState {
public:
    /// `members`: those that do not die.
    TeamState(std::size_t members, std::size_t partitions)
        : members_(members), partitions_(partitions) {}

    /// A member is in the generation with these partitions.
    void note(std::size_t member, std::int32_t generation, std::vector<std::int32_t> partitions) {
        roles_[member] = {generation, std::move(partitions)};
        std::set<std::int32_t> generations;
        std::set<std::int32_t> owned;
        std::size_t parts = 0;
        for (const auto& [number, role] : roles_) {
            generations.insert(role.first);
            owned.insert(role.second.begin(), role.second.end());
            parts += role.second.size();
        }
        has_settled_ = roles_.size() == members_ && generations.size() == 1 &&
                       owned.size() == partitions_ && parts == partitions_;
    }
    [[nodiscard]] bool has_settled() const { return has_settled_; }

private:
    std::size_t members_;
    std::size_t partitions_;
    std::map<std::size_t, std::pair<std::int32_t, std::vector<std::int32_t>>> roles_;
    bool has_settled_ = false;
};

}  // namespace hw::sim
