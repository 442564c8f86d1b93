#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controller/quorum_controller.h"
#include "protocol/base/random.h"

namespace hw::controller::testing {

inline constexpr std::string_view kClusterId = "wLyy4Bd1SRy1hbpUTnCG6A";

[[nodiscard]] constexpr Uuid uuid(std::uint64_t number) {
    return {0x4000, 1000 + number};
}

class SeededEntropy final : public Entropy {
public:
    explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
    void fill(MutableBytes into) override;

private:
    Random random_;
};

/// Knows segment.bytes, retention.ms and min.insync.replicas, whose values are numbers.
class FakeConfigs final : public TopicConfigs {
public:
    [[nodiscard]] Result<void> validate(std::string_view name,
                                        std::string_view value) const override;
    [[nodiscard]] std::vector<TopicConfig> describe(const ConfigValues& values,
                                                    std::int16_t replicas) const override;
};

/// A broker's registration; request() points into it.
struct Registration {
    BrokerId id{1};
    IncarnationId incarnation{uuid(1)};
    std::vector<DirectoryId> log_dirs{DirectoryId(uuid(11))};
    std::vector<schema::BrokerRegistrationRequest::Listener> listeners{
        {.name = "PLAINTEXT", .host = "127.0.0.1", .port = 9092, .security_protocol = 0}};
    std::vector<schema::BrokerRegistrationRequest::Feature> features{
        {.name = kMetadataVersionFeature, .min_supported_version = 7, .max_supported_version = 33}};
    std::string_view cluster_id = kClusterId;
    std::string_view rack;

    [[nodiscard]] schema::BrokerRegistrationRequest request() const;
};

/// The usual one of that broker; `run` tells incarnations of the broker apart.
[[nodiscard]] Registration registration(std::int32_t id, std::uint64_t run = 1);

/// A topic to create; assignments and configs point to memory of the test.
[[nodiscard]] schema::CreateTopicsRequest::Topic topic(std::string_view name,
                                                       std::int32_t partitions = 1,
                                                       std::int16_t replicas = -1);

/// All that an image holds, as text: equal texts, equal images.
[[nodiscard]] std::string text_of(const MetadataImage& image);

/// Replica sets, leaders and epochs of one partition: "replicas 1,2 isr 1 leader 1 epoch 0/0".
[[nodiscard]] std::string text_of(const PartitionImage& partition);

/// One controller and the metadata log of its quorum, as bytes. Time stands still until moved.
class World {
public:
    explicit World(std::uint64_t seed = 1, ControllerOptions options = {});

    /// The controller is elected: the epoch's first batch is committed.
    void lead();
    /// Another node is elected, which has the first `kept` of our uncommitted batches: they are
    /// committed in its epoch, the others are gone.
    void lose(std::size_t kept = 0);

    /// Hands in a request; what it appends is in the log, not committed.
    Ticket ask(const ControllerRequest& request);
    /// Commits the first `batches` of what is not committed yet.
    void commit(std::size_t batches = SIZE_MAX);
    /// Moves time, and the controller's deadlines come due.
    void pass(Duration duration);

    /// True when the request has been answered.
    [[nodiscard]] bool is_answered(Ticket ticket) const { return answers_.contains(ticket); }
    template <class Response>
    [[nodiscard]] Response answer(Ticket ticket) const {
        return std::get<Response>(answers_.at(ticket));
    }
    /// Asks, commits, and gives the answer.
    template <class Response>
    Response call(const ControllerRequest& request) {
        const Ticket ticket = ask(request);
        commit();
        return answer<Response>(ticket);
    }

    BrokerRegistrationResult join(const Registration& registration);
    /// With the broker's epoch and a metadata offset at the end of the log.
    BrokerHeartbeatResult beat(std::int32_t broker);
    [[nodiscard]] schema::BrokerHeartbeatRequest heartbeat(std::int32_t broker) const;
    /// Registers the brokers from 1 to `count` and unfences them.
    void start_brokers(std::int32_t count);
    /// Creates topics and gives the one answer for each.
    std::vector<CreatedTopic> create(const std::vector<schema::CreateTopicsRequest::Topic>& topics);
    std::vector<DeletedTopic> remove(const std::vector<std::string_view>& names);

    /// The records from `from` on, as Kafka's dump of the log prints them.
    [[nodiscard]] std::vector<std::string> records(Offset from = Offset(0)) const;
    [[nodiscard]] Offset end() const { return end_; }
    /// The image that the committed log gives to somebody who reads it from the start.
    [[nodiscard]] std::string replay() const;

    [[nodiscard]] QuorumController& controller() { return controller_; }
    [[nodiscard]] const MetadataImage& image() const { return controller_.appended(); }
    [[nodiscard]] const PartitionImage& partition(std::string_view topic,
                                                  std::int32_t index = 0) const;
    [[nodiscard]] std::size_t uncommitted() const { return log_.size() - committed_; }
    [[nodiscard]] std::size_t answers() const { return answers_.size(); }
    [[nodiscard]] TimePoint now() const { return now_; }

private:
    struct Batch {
        Offset base_offset;
        Offset last_offset;
        LeaderEpoch epoch;
        std::vector<Buffer> records;
    };

    void carry_out(ControllerEffects& effects);
    void append_control();
    void give_committed(const Batch& batch);

    SeededEntropy entropy_;
    FakeConfigs configs_;
    QuorumController controller_;
    std::vector<Batch> log_;
    std::size_t committed_ = 0;  ///< batches
    Offset end_{0};
    LeaderEpoch epoch_{0};
    TimePoint now_{std::chrono::hours(1)};
    Ticket next_ticket_ = 1;
    std::map<Ticket, ControllerResponse> answers_;
};

}  // namespace hw::controller::testing
