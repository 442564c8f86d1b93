#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "replication/raft/raft_core.h"

namespace hw::test {

/// One record of a model log. `value` is unique among all records that leaders make.
struct ModelRecord {
    LeaderEpoch epoch;
    std::uint8_t value = 0;

    bool operator==(const ModelRecord&) const = default;
};

/// A message on its way between two nodes. The network may lose it, and may deliver it late.
struct ModelMessage {
    struct Answer {
        replication::RaftCall call;
        replication::EpochAnswer answer;

        bool operator==(const Answer&) const = default;
    };
    struct Fetched {
        replication::RaftFetch call;
        replication::RaftFetchAnswer answer;
        std::vector<ModelRecord> records;

        bool operator==(const Fetched&) const = default;
    };
    BrokerId from;
    BrokerId to;
    std::variant<replication::RaftCall, Answer, replication::RaftFetch, Fetched> body;

    bool operator==(const ModelMessage&) const = default;
};

/// One step of the world.
struct ModelEvent {
    enum class Kind : std::uint8_t {
        deliver,        ///< message `index` arrives
        lose,           ///< message `index` is lost; for a Fetch its sender notices
        refuse,         ///< message `index`, a Fetch, is refused
        time_out,       ///< the next deadline of a node passes
        sync,           ///< the log of a node becomes durable
        append,         ///< a leader adds a record
        crash_short,    ///< a node restarts with the durable part of its log
        crash_long,     ///< a node restarts with its whole log
        crash_at_vote,  ///< message `index` arrives, and the node restarts before it answers
    };
    Kind kind;
    std::uint8_t index = 0;
};

struct WorldLimits {
    std::int32_t max_epoch = 3;
    std::uint8_t crashes = 2;
    std::uint8_t appends = 1;
    std::size_t messages = 6;
};

/// Three voters with model logs, and the messages between them. A value: the exploration copies it
/// before each event. After each event it checks what must hold for every quorum.
class RaftWorld {
public:
    explicit RaftWorld(WorldLimits limits, replication::RaftMutants mutants = {});

    [[nodiscard]] std::vector<ModelEvent> events() const;
    void apply(const ModelEvent& event);

    /// Equal for worlds that behave in the same way from now on, but for the time of deadlines.
    [[nodiscard]] std::uint64_t digest() const;
    /// The first broken rule, as a sentence.
    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }
    /// Each pair of role indexes that a node went through, as `before * 16 + after`.
    [[nodiscard]] const std::set<std::uint8_t>& transitions() const { return transitions_; }
    void forget_transitions() { transitions_.clear(); }
    [[nodiscard]] std::string describe() const;

    [[nodiscard]] const replication::RaftCore& core(BrokerId id) const {
        return nodes_[static_cast<std::size_t>(id.value())].core;
    }
    [[nodiscard]] std::optional<BrokerId> active_leader() const;

private:
    static constexpr int kNodes = 3;

    struct Node {
        replication::RaftCore core;
        replication::ElectionState persisted;
        std::vector<ModelRecord> log;
        std::size_t durable = 0;
    };

    [[nodiscard]] Node& at(BrokerId id) { return nodes_[static_cast<std::size_t>(id.value())]; }
    void deliver(const ModelMessage& message, bool dies);
    void lose(const ModelMessage& lost, replication::FetchFailure failure);
    void answer(BrokerId id, BrokerId from, const replication::RaftCall& call, bool dies);
    [[nodiscard]] ModelMessage::Fetched read(BrokerId id, BrokerId from,
                                             const replication::RaftFetch& fetch);
    void take(BrokerId id, const ModelMessage::Fetched& fetched);
    void execute(BrokerId id, const replication::RaftEffects& effects);
    void append(BrokerId id, LeaderEpoch epoch);
    void restart(BrokerId id, std::size_t kept);
    void start(BrokerId id);
    void send(ModelMessage message);
    void check_persisted(BrokerId id, const replication::ElectionState& next);
    void check_vote(BrokerId id, LeaderEpoch epoch, BrokerId candidate);
    void check_leader(BrokerId id);
    void commit(BrokerId id, Offset end_offset);
    void check_logs();
    void check_match(const std::vector<ModelRecord>& left, const std::vector<ModelRecord>& right);
    void break_rule(std::string rule);
    template <class Input>
    void input(BrokerId id, const Input& call);

    WorldLimits limits_;
    replication::RaftMutants mutants_;
    TimePoint now_{std::chrono::hours(1)};
    std::vector<Node> nodes_;
    std::vector<ModelMessage> messages_;
    std::vector<ModelRecord> committed_;
    std::map<LeaderEpoch, BrokerId> leaders_;
    std::map<std::pair<BrokerId, LeaderEpoch>, BrokerId> votes_;
    std::uint8_t crashes_ = 0;
    std::uint8_t appends_ = 0;
    std::uint8_t next_value_ = 1;
    std::optional<std::string> broken_;
    std::set<std::uint8_t> transitions_;
};

}  // namespace hw::test
