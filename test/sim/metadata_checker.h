#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "controller/image/metadata_image.h"
#include "test/sim/machine.h"

namespace hw::sim {

/// Checks the metadata that brokers apply: each applies only committed records, in their order, and
/// all have the same metadata at the same offset. A broker id has one registration at a time, and a
/// newer one has a higher epoch. The leader of a partition is in its ISR and not fenced; the ISR
/// has a fenced broker only as its last member. Keeps the first broken rule.
class MetadataChecker {
public:
    /// Call after each step of the machine's node.
    void after_step(const Machine& machine, Offset committed_end);

    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }

private:
    struct Seen {
        std::uint64_t life = 0;
        std::shared_ptr<const controller::MetadataImage> image;
    };

    void check(const Machine& machine, const controller::MetadataImage& image);
    void check_partition(const controller::MetadataImage& image, std::string_view topic,
                         PartitionIndex index, const controller::PartitionImage& partition);
    void check_broker(const controller::BrokerImage& broker, Offset offset);
    template <class... Args>
    void fail_rule(fmt::format_string<Args...> text, Args&&... args) {
        if (!broken_) {
            broken_ = fmt::format(text, std::forward<Args>(args)...);
        }
    }

    std::map<NodeTag, Seen> seen_;
    std::map<Offset, std::uint64_t> digests_;  ///< of the metadata at an offset
    /// The process that registered with an epoch.
    std::map<std::pair<BrokerId, BrokerEpoch>, IncarnationId> registrations_;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
