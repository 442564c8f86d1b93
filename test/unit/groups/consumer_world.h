#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/coordinator/consumer/member_steps.h"
#include "broker/coordinator/group/group_machine.h"
#include "controller/image/metadata_image.h"

namespace hw::broker {

constexpr Duration kSession = std::chrono::seconds(45);
constexpr Duration kRebalance = std::chrono::seconds(60);
constexpr Duration kStableInterval = std::chrono::seconds(1);
constexpr Duration kBusyInterval = std::chrono::milliseconds(500);

/// What a member says in a heartbeat, beside its id and epoch.
struct Said {
    std::optional<std::string> instance = {};
    std::optional<std::vector<std::string>> topics = {};
    std::optional<Assignment> owned = {};
    std::optional<Duration> rebalance = {};
    std::optional<std::string> assignor = {};
    std::optional<std::string> pattern = {};
};

inline Said joining(std::vector<std::string> topics = {"a"},
                    std::optional<std::string> instance = {}) {
    return {.instance = std::move(instance),
            .topics = std::move(topics),
            .owned = Assignment(),
            .rebalance = kRebalance};
}

/// Groups as a coordinator has them: it appends the records and applies them.
struct Consumers {
    explicit Consumers(std::size_t max_size = 100, const config::Settings* settings = nullptr,
                       MigrationPolicy migration = {})
        : machine(options(max_size, settings, migration)) {}

    GroupMachine::Options options(std::size_t max_size, const config::Settings* settings = nullptr,
                                  MigrationPolicy migration = {}) {
        return {.classic = {.initial_delay = {}, .max_size = max_size},
                .consumer = {.session_timeout = kSession,
                             .heartbeat_interval = kStableInterval,
                             .reconciling_interval = kBusyInterval,
                             .max_size = max_size,
                             .assignors = {"uniform", "range"}},
                .migration = migration,
                .settings = settings,
                .ask_worker = [this](const std::string& group, GroupQuestion question) {
                    CHECK(group == "g");
                    questions.push_back(std::move(question));
                }};
    }
    void set_topic(const std::string& name, std::int32_t partitions) {
        controller::TopicImage topic{
            .id = id_of(name), .name = name, .internal = false, .partitions = {}};
        for (std::int32_t i = 0; i < partitions; ++i) {
            controller::PartitionImage partition;
            partition.index = PartitionIndex(i);
            topic.partitions.put(PartitionIndex(i), partition);
        }
        auto next = std::make_shared<controller::MetadataImage>(*image);
        next->put(std::move(topic));
        publish(std::move(next));
    }
    void delete_topic(const std::string& name) {
        auto next = std::make_shared<controller::MetadataImage>(*image);
        next->erase_topic(*image->find_topic(name));
        publish(std::move(next));
    }
    void publish(std::shared_ptr<controller::MetadataImage> next) {
        next->set_position(image->last_offset() + 1, LeaderEpoch(1));
        image = std::move(next);
    }
    static TopicId id_of(const std::string& name) {
        return TopicId(Uuid{static_cast<std::uint64_t>(name[0]), 1});
    }

    ConsumerAnswer beat(const std::string& member, std::int32_t epoch, const Said& said = {}) {
        ConsumerHeartbeat beat{.member = member,
                               .epoch = epoch,
                               .instance = {},
                               .rack = {},
                               .rebalance_timeout = said.rebalance,
                               .topics = said.topics,
                               .pattern = {},
                               .assignor = {},
                               .owned = said.owned,
                               .client_id = "client",
                               .client_host = "/127.0.0.1"};
        if (said.instance) {
            beat.instance = *said.instance;
        }
        if (said.pattern) {
            beat.pattern = *said.pattern;
        }
        if (said.assignor) {
            beat.assignor = *said.assignor;
        }
        Decision decision;
        ConsumerAnswer answer = machine.heartbeat("g", beat, image, {now, wall}, decision);
        carry_out(decision);
        return answer;
    }
    void pass(Duration span) {
        now += span;
        wall = wall + std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
        for (int times = 0; machine.next_deadline() <= now; ++times) {
            REQUIRE(times < 100);
            Decision decision;
            machine.on_deadline(now, wall, decision);
            carry_out(decision);
        }
    }
    void carry_out(Decision& decision) {
        const bool is_refused = !decision.records.empty() && std::exchange(refuses_next, false);
        const wire::Refusal refusal{wire::ErrorCode::not_coordinator, {}};
        if (!is_refused) {
            for (auto& record : decision.records) {
                REQUIRE(machine.apply(record.key(), record.value()).has_value());
                log.push_back(std::move(record));
            }
        }
        for (auto& then : std::exchange(decision.then, {})) {
            then(is_refused ? &refusal : nullptr, decision);
        }
        for (const CallPtr& call : decision.answers) {
            ended.insert(call);
        }
    }
    /// Answers the oldest question.
    void answer_question() {
        const GroupAnswer found = answer(std::move(questions.front()));
        questions.erase(questions.begin());
        Decision decision;
        machine.take("g", found, wall, decision);
        carry_out(decision);
    }
    [[nodiscard]] const ConsumerGroup& group() const { return *machine.find("g")->consumer; }
    [[nodiscard]] const MemberPosition& position(const std::string& member) const {
        return group().members().at(member).position;
    }

    std::shared_ptr<const controller::MetadataImage> image =
        std::make_shared<controller::MetadataImage>("cluster");
    TimePoint now{std::chrono::hours(1)};
    Timestamp wall{1'000'000};
    std::vector<GroupQuestion> questions;
    GroupMachine machine;
    CoordinatorRecords log;
    std::set<CallPtr> ended;
    bool refuses_next = false;  ///< the next records
};

/// Partitions of topic "a".
inline Assignment of_a(std::vector<std::int32_t> partitions) {
    Assignment assignment;
    if (!partitions.empty()) {
        assignment.push_back({Consumers::id_of("a"), {}});
        for (const std::int32_t partition : partitions) {
            assignment.back().partitions.emplace_back(partition);
        }
    }
    return assignment;
}

}  // namespace hw::broker
