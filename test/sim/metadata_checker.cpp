#include "test/sim/metadata_checker.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace hw::sim {
namespace {

/// A hash of what matters to clients.
class Digest {
public:
    void add(std::uint64_t part) { value_ = (value_ ^ part) * 0x100'0000'01B3; }
    void add(std::int32_t part) { add(static_cast<std::uint64_t>(part)); }
    void add(std::string_view text) {
        for (const char letter : text) {
            add(static_cast<std::uint64_t>(letter));
        }
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_ = 0xCBF2'9CE4'8422'2325;
};

void add_topic(const controller::TopicImage& topic, Digest& digest) {
    digest.add(topic.name);
    digest.add(topic.id.value().low);
    for (const auto& [index, partition] : topic.partitions) {
        digest.add(partition.leader.value());
        digest.add(partition.leader_epoch.value());
        digest.add(partition.partition_epoch.value());
        for (const BrokerId member : partition.isr) {
            digest.add(member.value());
        }
    }
}

std::uint64_t digest_of(const controller::MetadataImage& image) {
    Digest digest;
    for (const auto& [id, broker] : image.brokers()) {
        digest.add(id.value());
        digest.add(static_cast<std::uint64_t>(broker.epoch.value()));
        digest.add(broker.fenced ? 1 : 0);
    }
    for (const auto& [name, topic] : image.topics()) {
        add_topic(topic, digest);
    }
    digest.add(static_cast<std::uint64_t>(image.next_producer_id().value()));
    return digest.value();
}

}  // namespace

void MetadataChecker::after_step(const Machine& machine, Offset committed_end) {
    const BrokerProcess* const process = machine.process();
    const auto image = process == nullptr ? nullptr : process->node().metadata();
    Seen& seen = seen_[machine.tag()];
    if (image == nullptr || (seen.life == machine.life() && seen.image == image)) {
        return;
    }
    if (image->last_offset() >= committed_end) {
        fail_rule(
            "broker {} applies the metadata at offset {}, but only those below {} are "
            "committed",
            machine.tag(), image->last_offset(), committed_end);
    }
    if (seen.life == machine.life() && seen.image &&
        image->last_offset() < seen.image->last_offset()) {
        fail_rule("broker {} goes back from the metadata at offset {} to those at {}",
                  machine.tag(), seen.image->last_offset(), image->last_offset());
    }
    seen = {machine.life(), image};
    check(machine, *image);
}

void MetadataChecker::check(const Machine& machine, const controller::MetadataImage& image) {
    const std::uint64_t digest = digest_of(image);
    const auto [known, is_new] = digests_.try_emplace(image.last_offset(), digest);
    if (known->second != digest) {
        fail_rule("broker {} has other metadata at offset {} than another broker", machine.tag(),
                  image.last_offset());
    }
    if (is_new) {
        for (const auto& [id, broker] : image.brokers()) {
            check_broker(broker, image.last_offset());
        }
        for (const auto& [name, topic] : image.topics()) {
            for (const auto& [index, partition] : topic.partitions) {
                check_partition(image, name, index, partition);
            }
        }
    }
}

void MetadataChecker::check_partition(const controller::MetadataImage& image,
                                      std::string_view topic, PartitionIndex index,
                                      const controller::PartitionImage& partition) {
    const auto is_member = [](const auto& members, BrokerId broker) {
        return std::ranges::find(members, broker) != members.end();
    };
    if (partition.isr.empty()) {
        fail_rule("{}-{} has an empty ISR", topic, index);
    }
    for (const BrokerId member : partition.isr) {
        if (!is_member(partition.replicas, member)) {
            fail_rule("{}-{}: broker {} is in the ISR, but is no replica", topic, index, member);
        }
        if (partition.isr.size() > 1 && image.find_live_broker(member) == nullptr) {
            fail_rule("{}-{}: the fenced broker {} is in an ISR of {}", topic, index, member,
                      partition.isr.size());
        }
    }
    if (partition.leader == kNoBroker) {
        return;
    }
    if (!is_member(partition.isr, partition.leader)) {
        fail_rule("{}-{}: its leader {} is not in the ISR", topic, index, partition.leader);
    }
    if (image.find_live_broker(partition.leader) == nullptr) {
        fail_rule("{}-{}: its leader {} is fenced", topic, index, partition.leader);
    }
}

void MetadataChecker::check_broker(const controller::BrokerImage& broker, Offset offset) {
    const auto [known, is_new] =
        registrations_.try_emplace({broker.id, broker.epoch}, broker.incarnation);
    if (known->second != broker.incarnation) {
        fail_rule("two processes are registered as broker {} with epoch {}", broker.id,
                  broker.epoch);
    }
    // The epoch of a registration is the offset of its record.
    if (broker.epoch.value() > offset.value()) {
        fail_rule("broker {} has epoch {} in the metadata at offset {}", broker.id, broker.epoch,
                  offset);
    }
}

}  // namespace hw::sim
