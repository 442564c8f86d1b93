#include "test/unit/controller/world.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <catch2/catch.hpp>
#include <fmt/ranges.h>

namespace hw::controller::testing {
namespace {

/// Decodes into `arena`, which outlives the result.
std::vector<schema::VersionedMetadataRecord> decode(const std::vector<Buffer>& records,
                                                    Arena& arena) {
    std::vector<schema::VersionedMetadataRecord> decoded;
    for (const Buffer& bytes : records) {
        const auto record = schema::decode_metadata_record(bytes.view(), arena);
        REQUIRE(record);
        decoded.push_back(*record);
    }
    return decoded;
}

template <class T>
std::string list(const std::vector<T>& values) {
    return fmt::format("{}", fmt::join(values, ","));
}

std::string text_of(const NodeEndpoints& endpoints, const FeatureRanges& features) {
    std::string text;
    for (const auto& [name, endpoint] : endpoints) {
        text +=
            fmt::format(" {}={}/{}", name, to_string(endpoint.address), endpoint.security_protocol);
    }
    for (const auto& [name, range] : features) {
        text += fmt::format(" {}={}-{}", name, range.low, range.high);
    }
    return text;
}

std::string text_of(const BrokerImage& broker) {
    std::string cordoned = "unknown";
    if (broker.cordoned_log_dirs.has_value()) {
        cordoned = list(*broker.cordoned_log_dirs);
    }
    return fmt::format(
        "broker {} epoch {} at {} run {} fenced {} stopping {} rack {} dirs {} "
        "cordoned {}{}\n",
        broker.id, broker.epoch, broker.catch_up_to, broker.incarnation, broker.fenced,
        broker.in_controlled_shutdown, broker.rack, list(broker.log_dirs), cordoned,
        text_of(broker.endpoints, broker.features));
}

}  // namespace

void SeededEntropy::fill(MutableBytes into) {
    std::ranges::generate(into, [this] { return static_cast<std::byte>(random_.below(256)); });
}

Result<void> FakeConfigs::validate(ConfigResourceType type, std::string_view name,
                                   std::string_view value) const {
    if (name == "cleanup.policy" || name == "unclean.leader.election.enable") {
        return {};
    }
    const bool is_known =
        type == ConfigResourceType::group
            ? name == "session.ms"
            : name == "segment.bytes" || name == "retention.ms" || name == "min.insync.replicas";
    if (!is_known) {
        return fail(ErrorKind::invalid, "there is no config '{}'", name);
    }
    const bool is_number = std::ranges::all_of(
        value, [](unsigned char digit) { return digit == '-' || std::isdigit(digit) != 0; });
    if (!is_number) {
        return fail(ErrorKind::invalid, "config '{}' is a number, not '{}'", name, value);
    }
    return {};
}

std::optional<std::string> FakeConfigs::list_default(ConfigResourceType,
                                                     std::string_view name) const {
    return name == "cleanup.policy" ? std::optional<std::string>("delete") : std::nullopt;
}

Result<void> FakeConfigs::check_change(ConfigResourceType, const ConfigValues& before,
                                       const ConfigValues& after) const {
    const auto old = before.find("segment.bytes");
    const auto now = after.find("segment.bytes");
    if (old != before.end() && now != after.end() && now->second < old->second) {
        return fail(ErrorKind::invalid, "segment.bytes cannot become smaller");
    }
    return {};
}

std::vector<TopicConfig> FakeConfigs::describe_topic(const ConfigValues& values,
                                                     std::int16_t replicas) const {
    ConfigValues all{{"min.insync.replicas", replicas >= 3 ? "2" : "1"},
                     {"retention.ms", "604800000"},
                     {"segment.bytes", "1073741824"}};
    std::vector<TopicConfig> described;
    for (const auto& [name, value] : all) {
        const auto found = values.find(name);
        const bool is_set = found != values.end();
        described.push_back({.name = name,
                             .value = is_set ? found->second : value,
                             .source = static_cast<std::int8_t>(is_set ? 1 : 5)});
    }
    return described;
}

schema::BrokerRegistrationRequest Registration::request() const {
    using Request = schema::BrokerRegistrationRequest;
    return {.broker_id = id,
            .cluster_id = cluster_id,
            .incarnation_id = incarnation,
            .listeners = std::span<const Request::Listener>(listeners),
            .features = std::span<const Request::Feature>(features),
            .rack = rack,
            .log_dirs = std::span<const DirectoryId>(log_dirs)};
}

Registration registration(std::int32_t id, std::uint64_t run) {
    const auto number = static_cast<std::uint64_t>(id);
    Registration usual;
    usual.id = BrokerId(id);
    usual.incarnation = IncarnationId(uuid(100 * number + run));
    usual.log_dirs = {DirectoryId(uuid(10000 + number))};
    return usual;
}

schema::CreateTopicsRequest::Topic topic(std::string_view name, std::int32_t partitions,
                                         std::int16_t replicas) {
    return {.name = name, .num_partitions = partitions, .replication_factor = replicas};
}

std::vector<BrokerId> ids(const std::vector<std::int32_t>& numbers) {
    std::vector<BrokerId> brokers;
    for (const std::int32_t number : numbers) {
        brokers.emplace_back(number);
    }
    return brokers;
}

std::string text_of(const PartitionImage& partition) {
    return fmt::format("replicas {} isr {} leader {} epoch {}/{}", list(partition.replicas),
                       list(partition.isr), partition.leader, partition.leader_epoch,
                       partition.partition_epoch);
}

std::string text_of(const MetadataImage& image) {
    std::string text =
        fmt::format("cluster {} offset {} epoch {} producer id {}\n", image.cluster_id(),
                    image.last_offset(), image.last_epoch(), image.next_producer_id());
    for (const auto& [name, level] : image.features()) {
        text += fmt::format("feature {} {}\n", name, level);
    }
    for (const auto& [id, broker] : image.brokers()) {
        text += text_of(broker);
    }
    for (const auto& [id, controller] : image.controllers()) {
        text += fmt::format("controller {} run {}{}\n", id, controller.incarnation,
                            text_of(controller.endpoints, controller.features));
    }
    for (const auto& [name, topic] : image.topics()) {
        text += fmt::format("topic {} {} internal {}\n", name, topic.id, topic.internal);
        for (const auto& [index, partition] : topic.partitions) {
            text += fmt::format(
                "  {} {} recovery {} removing {} adding {} dirs {} elr {} last {}\n", index,
                text_of(partition), static_cast<int>(partition.recovery), list(partition.removing),
                list(partition.adding), list(partition.directories), list(partition.elr),
                list(partition.last_known_elr));
        }
        const ConfigResource resource{ConfigResourceType::topic, name};
        if (const ConfigValues* values = image.find_configs(resource)) {
            text += fmt::format("  configs {}\n", fmt::join(*values, " "));
        }
    }
    return text;
}

World::World(std::uint64_t seed, ControllerOptions options)
    : entropy_(seed),
      controller_(std::move(options), {.entropy = entropy_, .configs = configs_},
                  MetadataImage(std::string(kClusterId))) {}

void World::carry_out(ControllerEffects& effects) {
    for (const MetadataAppend& append : effects.appends) {
        REQUIRE(append.base_offset == end_);
        Batch& batch = log_.emplace_back();
        batch.base_offset = end_;
        batch.epoch = epoch_;
        for (const auto& [version, record] : append.records.records()) {
            auto bytes = schema::encode_metadata_record(record, version);
            REQUIRE(bytes);
            batch.records.push_back(*std::move(bytes));
            ++end_;
        }
        batch.last_offset = end_ - 1;
        controller_.on_appended(batch.last_offset);
    }
    for (ControllerAnswer& answer : effects.answers) {
        INFO("ticket " << answer.ticket);
        REQUIRE(answers_.emplace(answer.ticket, std::move(answer.response)).second);
    }
}

void World::append_control() {
    log_.push_back({end_, end_, epoch_, {}});
    ++end_;
}

void World::give_committed(const Batch& batch) {
    Arena arena(1 << 24);
    const auto records = decode(batch.records, arena);
    REQUIRE(controller_.on_batch({.base_offset = batch.base_offset,
                                  .last_offset = batch.last_offset,
                                  .epoch = batch.epoch,
                                  .records = records}));
}

void World::lead() {
    ++epoch_;
    append_control();
    for (; committed_ < log_.size(); ++committed_) {
        give_committed(log_[committed_]);
    }
    ControllerEffects effects;
    controller_.on_leader(epoch_, now_, effects);
    carry_out(effects);
}

void World::lose(std::size_t kept) {
    ControllerEffects effects;
    controller_.on_resigned(effects);
    carry_out(effects);
    log_.resize(std::min(log_.size(), committed_ + kept));
    end_ = log_.empty() ? Offset(0) : log_.back().last_offset + 1;
    ++epoch_;
    append_control();
    for (; committed_ < log_.size(); ++committed_) {
        give_committed(log_[committed_]);
    }
}

Ticket World::ask(const ControllerRequest& request) {
    const Ticket ticket = next_ticket_++;
    ControllerEffects effects;
    controller_.handle(request, ticket, now_, effects);
    carry_out(effects);
    return ticket;
}

void World::commit(std::size_t batches) {
    const std::size_t count = std::min(batches, uncommitted());
    committed_ += count;
    if (count > 0) {
        ControllerEffects effects;
        controller_.on_committed(log_[committed_ - 1].last_offset, effects);
        carry_out(effects);
    }
}

void World::pass(Duration duration) {
    now_ += duration;
    if (controller_.next_deadline() <= now_) {
        ControllerEffects effects;
        controller_.on_deadline(now_, effects);
        carry_out(effects);
    }
}

bool World::lose_process(std::int32_t broker, BrokerEpoch epoch) {
    ControllerEffects effects;
    const bool is_fenced = controller_.fence_gone(BrokerId(broker), epoch, now_, effects);
    carry_out(effects);
    return is_fenced;
}

BrokerRegistrationResult World::join(const Registration& registration) {
    return call<BrokerRegistrationResult>(registration.request());
}

schema::BrokerHeartbeatRequest World::heartbeat(std::int32_t broker) const {
    const BrokerImage* registered = image().find_broker(BrokerId(broker));
    return {.broker_id = BrokerId(broker),
            .broker_epoch = registered == nullptr ? BrokerEpoch(-1) : registered->epoch,
            .current_metadata_offset = end_ - 1};
}

BrokerHeartbeatResult World::beat(std::int32_t broker) {
    return call<BrokerHeartbeatResult>(heartbeat(broker));
}

void World::start_brokers(std::int32_t count) {
    for (std::int32_t id = 1; id <= count; ++id) {
        REQUIRE(join(registration(id)).refusal.code == wire::ErrorCode::none);
        REQUIRE_FALSE(beat(id).is_fenced);
    }
}

std::vector<CreatedTopic> World::create(
    const std::vector<schema::CreateTopicsRequest::Topic>& topics) {
    using Topic = schema::CreateTopicsRequest::Topic;
    return call<CreateTopicsResult>(
               schema::CreateTopicsRequest{.topics = std::span<const Topic>(topics)})
        .topics;
}

void World::create_on(std::string_view name,
                      const std::vector<std::vector<std::int32_t>>& replicas) {
    using Request = schema::CreateTopicsRequest;
    std::vector<std::vector<BrokerId>> brokers;
    std::vector<Request::Assignment> assignments;
    for (const std::vector<std::int32_t>& numbers : replicas) {
        brokers.push_back(ids(numbers));
    }
    for (std::size_t index = 0; index < brokers.size(); ++index) {
        assignments.push_back({.partition_index = PartitionIndex(static_cast<std::int32_t>(index)),
                               .broker_ids = std::span<const BrokerId>(brokers[index])});
    }
    Request::Topic asked = topic(name, -1);
    asked.assignments = std::span<const Request::Assignment>(assignments);
    REQUIRE(create({asked})[0].refusal.code == wire::ErrorCode::none);
}

std::vector<DeletedTopic> World::remove(const std::vector<std::string_view>& names) {
    return call<DeleteTopicsResult>(
               schema::DeleteTopicsRequest{.topic_names = std::span<const std::string_view>(names)})
        .topics;
}

std::vector<std::string> World::records(Offset from) const {
    std::vector<std::string> texts;
    Arena arena(1 << 24);
    for (const Batch& batch : log_) {
        Offset offset = batch.base_offset;
        for (const auto& record : decode(batch.records, arena)) {
            if (offset >= from) {
                schema::print_metadata_record(record, texts.emplace_back());
            }
            ++offset;
        }
    }
    return texts;
}

std::string World::replay() const {
    ImageLoader loader{MetadataImage(std::string(kClusterId))};
    for (std::size_t i = 0; i < committed_; ++i) {
        Arena arena(1 << 24);
        const auto records = decode(log_[i].records, arena);
        REQUIRE(loader.load({.base_offset = log_[i].base_offset,
                             .last_offset = log_[i].last_offset,
                             .epoch = log_[i].epoch,
                             .records = records}));
    }
    return text_of(*loader.image());
}

PartitionKey World::key(std::string_view topic, std::int32_t index) const {
    return {image().find_topic(topic)->id, PartitionIndex(index)};
}

const PartitionImage& World::partition(std::string_view topic, std::int32_t index) const {
    const TopicImage* found = image().find_topic(topic);
    REQUIRE(found != nullptr);
    const PartitionImage* partition = found->partitions.find(PartitionIndex(index));
    REQUIRE(partition != nullptr);
    return *partition;
}

}  // namespace hw::controller::testing
