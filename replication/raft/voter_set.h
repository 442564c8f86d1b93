#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/network.h"

namespace hw::replication {

/// Identifies a replica of the metadata log: a node and the directory of its log. A node with a new
/// disk is another replica (KIP-853). A directory of all zeros means that it is not known.
struct ReplicaKey {
    BrokerId id = kNoBroker;
    DirectoryId directory;

    auto operator<=>(const ReplicaKey&) const = default;
};

/// A voter of the metadata quorum and its address.
struct Voter {
    ReplicaKey key;
    Endpoint endpoint;  ///< its controller listener
};

/// The voters of the quorum, ordered by id. A majority of them elects leaders and commits records.
class VoterSet {
public:
    VoterSet() = default;
    explicit VoterSet(std::vector<Voter> voters) : voters_(std::move(voters)) {
        std::ranges::sort(voters_, {}, [](const Voter& voter) { return voter.key; });
    }

    [[nodiscard]] const std::vector<Voter>& voters() const { return voters_; }
    [[nodiscard]] std::size_t size() const { return voters_.size(); }
    [[nodiscard]] std::size_t majority() const { return voters_.size() / 2 + 1; }
    /// The voter with this id; null if there is none.
    [[nodiscard]] const Voter* find(BrokerId id) const {
        const auto found =
            std::ranges::find_if(voters_, [id](const Voter& voter) { return voter.key.id == id; });
        return found == voters_.end() ? nullptr : &*found;
    }
    [[nodiscard]] bool contains(BrokerId id) const { return find(id) != nullptr; }

private:
    std::vector<Voter> voters_;
};

}  // namespace hw::replication
