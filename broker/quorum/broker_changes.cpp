#include "broker/quorum/broker_changes.h"

#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace hw::broker {
namespace {

using controller::BrokerImage;
using controller::MetadataImage;

/// What became of the partitions that `broker` led before, as the end of a sentence; empty if it
/// led none.
std::string fate_of_partitions(BrokerId broker, const MetadataImage& before,
                               const MetadataImage& after) {
    std::size_t moved = 0;
    std::size_t without_leader = 0;
    for (const auto& [key, nothing] : before.topic_table().led_by(broker)) {
        const controller::PartitionImage* partition = after.topic_table().find(key);
        if (partition != nullptr && partition->leader == kNoBroker) {
            ++without_leader;
        } else if (partition != nullptr && partition->leader != broker) {
            ++moved;
        }
    }
    return moved + without_leader == 0
               ? std::string()
               : fmt::format(
                     ": of the partitions that it led, {} have another leader and {} have "
                     "none",
                     moved, without_leader);
}

void log_change(const Logger& log, const BrokerImage* was, const BrokerImage& is,
                const MetadataImage& before, const MetadataImage& after) {
    const bool was_alive = was != nullptr && !was->fenced;
    if (was == nullptr || was->incarnation != is.incarnation) {
        if (was_alive) {
            log.info("an earlier process of broker {} has ended{}", is.id,
                     fate_of_partitions(is.id, before, after));
        }
        log.info("broker {} has registered, with broker epoch {} and {} log director{}", is.id,
                 is.epoch, is.log_dirs.size(), is.log_dirs.size() == 1 ? "y" : "ies");
    } else if (was_alive && is.fenced) {
        log.info("broker {} is fenced{}{}", is.id,
                 was->in_controlled_shutdown ? " after its controlled shutdown" : "",
                 fate_of_partitions(is.id, before, after));
    } else if (!is.fenced && is.in_controlled_shutdown && !was->in_controlled_shutdown) {
        log.info("broker {} is about to stop{}", is.id, fate_of_partitions(is.id, before, after));
    }
    if (!was_alive && !is.fenced) {
        log.info("broker {} is unfenced: it may lead partitions", is.id);
    }
}

}  // namespace

void log_broker_changes(const Logger& log, const MetadataImage& before,
                        const MetadataImage& after) {
    for (const auto& [id, broker] : after.brokers()) {
        log_change(log, before.find_broker(id), broker, before, after);
    }
}

}  // namespace hw::broker
