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

/// Accepts only segment.bytes, retention.ms and min.insync.replicas, with numbers as values, and
/// cleanup.policy and unclean.leader.election.enable with any value; for groups only session.ms, a
/// number. segment.bytes must not become smaller.
class FakeConfigs final : public ConfigRules {
public:
    [[nodiscard]] Result<void> validate(ConfigResourceType type, std::string_view name,
                                        std::string_view value) const override;
    [[nodiscard]] std::optional<std::string> list_default(ConfigResourceType type,
                                                          std::string_view name) const override;
    [[nodiscard]] Result<void> check_change(ConfigResourceType type, const ConfigValues& before,
                                            const ConfigValues& after) const override;
    [[nodiscard]] std::vector<TopicConfig> describe_topic(const ConfigValues& values,
                                                          std::int16_t replicas) const override;
};

/// The fields of a broker's registration. The result of `request` points into this object.
struct Registration {
    BrokerId id{1};
    IncarnationId incarnation{uuid(1)};
    std::vector<DirectoryId> log_dirs{DirectoryId(uuid(11))};
    std::vector<schema::BrokerRegistrationRequest::Listener> listeners{
        {.name = "PLAINTEXT", .host = "127.0.0.1", .port = 9092, .security_protocol = 0}};
    std::vector<schema::BrokerRegistrationRequest::Feature> features{
        {.name = kMetadataVersionFeature, .min_supported_version = 7, .max_supported_version = 33},
        {.name = kGroupVersionFeature, .min_supported_version = 0, .max_supported_version = 1}};
    std::string_view cluster_id = kClusterId;
    std::string_view rack;

    [[nodiscard]] schema::BrokerRegistrationRequest request() const;
};

/// A valid registration of broker `id`. Each `run` is another incarnation of the broker.
[[nodiscard]] Registration registration(std::int32_t id, std::uint64_t run = 1);

/// A topic to create. The test adds assignments and configs, which point to its own memory.
[[nodiscard]] schema::CreateTopicsRequest::Topic topic(std::string_view name,
                                                       std::int32_t partitions = 1,
                                                       std::int16_t replicas = -1);

[[nodiscard]] std::vector<BrokerId> ids(const std::vector<std::int32_t>& numbers);

/// The content of an image as text, to compare images.
[[nodiscard]] std::string text_of(const MetadataImage& image);

/// Replica sets, leaders and epochs of one partition: "replicas 1,2 isr 1 leader 1 epoch 0/0".
[[nodiscard]] std::string text_of(const PartitionImage& partition);

/// One controller and the encoded metadata log of its quorum. Only `pass` moves time.
class World {
public:
    explicit World(std::uint64_t seed = 1, ControllerOptions options = {});

    /// Elects the controller. The log so far and the first batch of the new epoch are committed.
    void lead();
    /// Elects another node, which has the first `kept` of our uncommitted batches. They are
    /// committed in its epoch; the others are lost.
    void lose(std::size_t kept = 0);

    /// Gives the controller a request. Its records are in the log, but not committed.
    Ticket ask(const ControllerRequest& request);
    /// Commits the first `batches` of the uncommitted batches.
    void commit(std::size_t batches = SIZE_MAX);
    /// Moves time forward, and calls the controller if its deadline has come.
    void pass(Duration duration);
    /// Tells the controller that the process of the broker with this epoch has ended. Returns
    /// whether the broker was fenced for it; its records are not committed.
    bool lose_process(std::int32_t broker, BrokerEpoch epoch);
    [[nodiscard]] BrokerEpoch epoch_of(std::int32_t broker) const {
        return image().find_broker(BrokerId(broker))->epoch;
    }

    /// True when the request has been answered.
    [[nodiscard]] bool is_answered(Ticket ticket) const { return answers_.contains(ticket); }
    template <class Response>
    [[nodiscard]] Response answer(Ticket ticket) const {
        return std::get<Response>(answers_.at(ticket));
    }
    /// Sends a request, commits everything, and returns the answer.
    template <class Response>
    Response call(const ControllerRequest& request) {
        const Ticket ticket = ask(request);
        commit();
        return answer<Response>(ticket);
    }

    BrokerRegistrationResult join(const Registration& registration);
    /// Sends `heartbeat(broker)`.
    BrokerHeartbeatResult beat(std::int32_t broker);
    /// A heartbeat with the broker's epoch, which has applied the whole log.
    [[nodiscard]] schema::BrokerHeartbeatRequest heartbeat(std::int32_t broker) const;
    /// Registers the brokers from 1 to `count` and unfences them.
    void start_brokers(std::int32_t count);
    /// Creates topics, and returns the result for each.
    std::vector<CreatedTopic> create(const std::vector<schema::CreateTopicsRequest::Topic>& topics);
    /// Creates a topic with these replicas for each partition.
    void create_on(std::string_view name, const std::vector<std::vector<std::int32_t>>& replicas);
    std::vector<DeletedTopic> remove(const std::vector<std::string_view>& names);

    /// The records from `from` on, as Kafka's dump of the log prints them.
    [[nodiscard]] std::vector<std::string> records(Offset from = Offset(0)) const;
    [[nodiscard]] Offset end() const { return end_; }
    /// The image, as text, that results from reading the committed log from the start.
    [[nodiscard]] std::string replay() const;

    [[nodiscard]] QuorumController& controller() { return controller_; }
    [[nodiscard]] const MetadataImage& image() const { return controller_.appended(); }
    [[nodiscard]] const MetadataImage& committed_image() const { return controller_.committed(); }
    [[nodiscard]] PartitionKey key(std::string_view topic, std::int32_t index = 0) const;
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
