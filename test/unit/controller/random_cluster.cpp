#include "test/unit/controller/random_cluster.h"

#include <algorithm>
#include <span>

#include "controller/ops/partition_change.h"

namespace hw::controller::testing {
namespace {

constexpr std::int32_t kBrokers = 4;

bool contains(const std::vector<BrokerId>& brokers, BrokerId broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

ControllerOptions options_of(ControllerMutants mutants) {
    ControllerOptions options;
    options.leader_balance_interval = std::chrono::seconds(2);
    options.mutants = mutants;
    return options;
}

}  // namespace

std::string broken_rule(const MetadataImage& image, const PartitionImage& partition) {
    if (partition.isr.empty()) {
        return "an ISR is empty";
    }
    if (!partition.elr.empty() || partition.directories.size() != partition.replicas.size()) {
        return "a partition is malformed";
    }
    if (partition.leader != kNoBroker) {
        if (!contains(partition.isr, partition.leader)) {
            return "a leader is outside the ISR";
        }
        if (!image.find_broker(partition.leader)->is_active()) {
            return "a broker leads that is not in service";
        }
    }
    for (const BrokerId member : partition.isr) {
        if (!contains(partition.replicas, member)) {
            return "an ISR member is no replica";
        }
        const bool is_last = partition.isr.size() == 1 && partition.leader == kNoBroker;
        if (image.find_live_broker(member) == nullptr && !is_last) {
            return "a fenced broker is in an ISR that has others";
        }
        if (!has_online_replica(*image.find_broker(member), partition) && !is_last) {
            return "a replica without its directory is in an ISR that has others";
        }
        if (partition.leader == kNoBroker && may_lead({.image = image}, partition, member)) {
            return "a partition has no leader though an ISR member may lead";
        }
    }
    return "";
}

RandomCluster::RandomCluster(std::uint64_t seed, ControllerMutants mutants)
    : random_(seed), world_(seed, options_of(mutants)) {
    world_.lead();
    world_.commit();
}

std::string RandomCluster::step() {
    broken_.clear();
    may_elect_uncleanly_ = false;
    const MetadataImage before = world_.image();
    act();
    if (broken_.empty()) {
        broken_ = check_elections(before);
    }
    for (const auto& [name, topic] : world_.image().topics()) {
        for (const auto& [index, partition] : topic.partitions) {
            if (broken_.empty()) {
                broken_ = broken_rule(world_.image(), partition);
            }
        }
    }
    return broken_.empty() ? check_history() : broken_;
}

void RandomCluster::act() {
    switch (random_.below(18)) {
        case 0:
            return register_broker();
        case 1:
            return create();
        case 2:
            return remove();
        case 3:
            return allocate();
        case 4:
            world_.pass(std::chrono::milliseconds(random_.below(1500)));
            return;
        case 5:
        case 6:
            world_.commit(random_.below(4));
            return;
        case 7:
            return change_controller();
        case 8:
        case 9:
        case 10:
        case 11:
            return alter_partition();
        case 12:
            return elect_leaders();
        case 13:
            return assign_replica();
        default:
            return beat();
    }
}

void RandomCluster::ask(const ControllerRequest& request) {
    world_.ask(request);
    ++asked_;
}

std::int32_t RandomCluster::some_broker() {
    return static_cast<std::int32_t>(1 + random_.below(kBrokers));
}

std::string RandomCluster::some_name() {
    return "t" + std::to_string(random_.below(8));
}

std::optional<PartitionKey> RandomCluster::some_partition() {
    const TopicImage* topic = world_.image().find_topic(some_name());
    if (topic == nullptr) {
        return {};
    }
    const std::uint64_t index = random_.below(topic->partitions.size());
    return PartitionKey{topic->id, PartitionIndex(static_cast<std::int32_t>(index))};
}

void RandomCluster::register_broker() {
    // Run 3 of a broker has a new log directory, as if its disk was lost.
    const std::int32_t id = some_broker();
    const std::uint64_t run = random_.below(4);
    Registration joining = registration(id, run);
    if (run == 3) {
        joining.log_dirs = {DirectoryId(uuid(500 + static_cast<std::uint64_t>(id)))};
    }
    ask(joining.request());
}

void RandomCluster::beat() {
    auto request = world_.heartbeat(some_broker());
    request.want_fence = random_.chance(1, 20);
    request.want_shut_down = random_.chance(1, 20);
    const BrokerImage* broker = world_.image().find_broker(request.broker_id);
    if (broker != nullptr && random_.chance(1, 30)) {
        request.offline_log_dirs = broker->log_dirs;
    }
    ask(request);
}

void RandomCluster::create() {
    const std::string name = some_name();
    const std::vector<schema::CreateTopicsRequest::Topic> topics{
        topic(name, static_cast<std::int32_t>(1 + random_.below(5)),
              static_cast<std::int16_t>(random_.between(-1, kBrokers)))};
    ask(schema::CreateTopicsRequest{.topics = std::span(topics)});
}

void RandomCluster::remove() {
    const std::string name = some_name();
    const std::vector<std::string_view> names{name};
    ask(schema::DeleteTopicsRequest{.topic_names = std::span(names)});
}

void RandomCluster::allocate() {
    const auto beat = world_.heartbeat(some_broker());
    ask(schema::AllocateProducerIdsRequest{.broker_id = beat.broker_id,
                                           .broker_epoch = beat.broker_epoch});
}

/// The leader, or a broker that took itself for the leader, changes the ISR: sometimes from an
/// older state, or with replicas that may not be in it.
void RandomCluster::alter_partition() {
    using Request = schema::AlterPartitionRequest;
    const std::optional<PartitionKey> key = some_partition();
    if (!key.has_value()) {
        return;
    }
    const PartitionImage before = *world_.image().topic_table().find(*key);
    const auto older = older_.find(*key);
    const PartitionImage& known =
        older != older_.end() && random_.chance(1, 3) ? older->second : before;
    std::vector<Request::BrokerState> members;
    for (const BrokerId id : known.replicas) {
        const BrokerImage* broker = world_.image().find_broker(id);
        if (broker != nullptr && (id == known.leader || random_.chance(2, 3))) {
            const std::int64_t stale = random_.chance(1, 10) ? 1 : 0;
            members.push_back({id, BrokerEpoch(broker->epoch.value() - stale)});
        }
    }
    const Request::Partition asked{
        .partition_index = key->index,
        .leader_epoch = known.leader_epoch,
        .new_isr_with_epochs = std::span<const Request::BrokerState>(members),
        .leader_recovery_state = static_cast<std::int8_t>(
            random_.chance(1, 4) ? known.recovery : LeaderRecovery::recovered),
        .partition_epoch = known.partition_epoch};
    if (older == older_.end() || random_.chance(1, 2)) {
        older_.insert_or_assign(*key, before);
    }
    const Request::Topic topic{.topic_id = key->topic, .partitions = {&asked, 1}};
    const auto sender = world_.heartbeat(known.leader.value());
    ask(Request{
        .broker_id = sender.broker_id, .broker_epoch = sender.broker_epoch, .topics = {&topic, 1}});
    broken_ = check_alteration(asked, before, *world_.image().topic_table().find(*key));
}

std::string RandomCluster::check_alteration(const schema::AlterPartitionRequest::Partition& asked,
                                            const PartitionImage& before,
                                            const PartitionImage& after) const {
    if (after == before) {
        return "";
    }
    if (asked.partition_epoch != before.partition_epoch ||
        asked.leader_epoch != before.leader_epoch) {
        return "a change from an older state was accepted";
    }
    for (const auto& member : asked.new_isr_with_epochs) {
        const BrokerImage& broker = *world_.image().find_broker(member.broker_id);
        if (!broker.is_active() || broker.epoch != member.broker_epoch) {
            return "an ineligible replica was admitted";
        }
    }
    return after.leader == before.leader ? "" : "an ISR change changed the leader";
}

void RandomCluster::elect_leaders() {
    const std::optional<PartitionKey> key = some_partition();
    if (!key.has_value()) {
        return;
    }
    may_elect_uncleanly_ = random_.chance(1, 4);
    const std::string& name = world_.image().find_topic(key->topic)->name;
    const schema::ElectLeadersRequest::TopicPartitions named{.topic = name,
                                                             .partitions = {&key->index, 1}};
    ask(schema::ElectLeadersRequest{.election_type = std::int8_t{may_elect_uncleanly_},
                                    .topic_partitions = {&named, 1}});
}

void RandomCluster::assign_replica() {
    using Request = schema::AssignReplicasToDirsRequest;
    const std::optional<PartitionKey> key = some_partition();
    const auto sender = world_.heartbeat(some_broker());
    const BrokerImage* broker = world_.image().find_broker(sender.broker_id);
    if (!key.has_value() || broker == nullptr) {
        return;
    }
    const bool is_lost = random_.chance(1, 3);
    const Request::Partition partition{.partition_index = key->index};
    const Request::Topic topic{.topic_id = key->topic, .partitions = {&partition, 1}};
    const Request::Directory directory{.id = is_lost ? kLostDirectory : broker->log_dirs.front(),
                                       .topics = {&topic, 1}};
    ask(Request{.broker_id = sender.broker_id,
                .broker_epoch = sender.broker_epoch,
                .directories = {&directory, 1}});
}

void RandomCluster::change_controller() {
    if (random_.chance(1, 4)) {
        may_elect_uncleanly_ = true;  // of a state that is lost
        world_.lose(random_.below(4));
        world_.lead();
    }
}

std::string RandomCluster::check_elections(const MetadataImage& before) const {
    if (may_elect_uncleanly_) {
        return "";
    }
    for (const auto& [name, topic] : before.topics()) {
        for (const auto& [index, partition] : topic.partitions) {
            const PartitionImage* after = world_.image().topic_table().find({topic.id, index});
            if (after != nullptr && after->leader != kNoBroker &&
                after->leader != partition.leader && !contains(partition.isr, after->leader)) {
                return "a leader was elected from outside the ISR";
            }
        }
    }
    return "";
}

std::string RandomCluster::check_history() {
    const MetadataImage& image = world_.controller().committed();
    for (const auto& [name, topic] : image.topics()) {
        for (const auto& [index, now] : topic.partitions) {
            const auto [seen, is_new] = committed_.try_emplace({topic.id, index}, now);
            PartitionImage& before = seen->second;
            if (now.partition_epoch < before.partition_epoch ||
                now.leader_epoch < before.leader_epoch) {
                return "an epoch fell";
            }
            if (now.leader != before.leader && now.leader_epoch == before.leader_epoch) {
                return "a leader epoch has two leaders";
            }
            if (now != before && now.partition_epoch == before.partition_epoch) {
                return "a partition epoch has two states";
            }
            before = now;
        }
    }
    return "";
}

}  // namespace hw::controller::testing
