#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/wire/error_code.h"
#include "tools/client/socket.h"
#include "tools/perf/request.h"
#include "tools/perf/tally.h"

/// Members of groups: their state, and what they count.
namespace hw::perf {

/// How the partitions of a group are assigned: by a member, its leader, or by the broker (KIP-848).
enum class GroupProtocol : std::uint8_t { classic, consumer };

/// Versions of the requests of members; those of the other protocol are not used.
struct GroupVersions {
    ApiVersion join;
    ApiVersion sync;
    ApiVersion heartbeat;
    ApiVersion leave;
    ApiVersion consumer_heartbeat;
};

/// What all members of a load have in common.
struct GroupPlan {
    GroupProtocol protocol = GroupProtocol::consumer;
    std::string topic;  ///< that all groups read
    TopicId topic_id;
    std::int32_t partitions = 0;  ///< of the topic
    GroupVersions versions;
    client::Milliseconds session{0};    ///< of classic members
    client::Milliseconds heartbeat{0};  ///< of classic members; the broker tells the others theirs
    client::Milliseconds rebalance_max{0};
};

/// What members count.
struct GroupTally {
    std::uint64_t heartbeats = 0;  ///< that were answered
    LatencyHistogram latency;      ///< of these
    /// Heartbeats that were sent more than a tenth of the interval after they were due, because the
    /// request before was not answered yet, or the driver was busy.
    std::uint64_t late = 0;
    std::uint64_t removed = 0;   ///< members that the coordinator did not know any more
    std::uint64_t overlaps = 0;  ///< partitions that were assigned while another member had them
    Refusals refused;            ///< other codes; the requests were sent again
};

/// Which member of a group has each partition. An overlap is a partition that a member gets while
/// another one still has it. Used by one thread.
class PartitionOwners {
public:
    explicit PartitionOwners(std::int32_t partitions)
        : owners_(static_cast<std::size_t>(partitions), kNobody) {}

    /// Returns whether another member has had it until now.
    [[nodiscard]] bool take(std::uint32_t member, PartitionIndex partition);
    /// Does nothing if another member has taken it meanwhile.
    void release(std::uint32_t member, PartitionIndex partition);

    [[nodiscard]] bool has(PartitionIndex partition) const {
        return partition.value() >= 0 &&
               static_cast<std::size_t>(partition.value()) < owners_.size();
    }
    /// Whether each partition has an owner.
    [[nodiscard]] bool is_complete() const { return owned_ == owners_.size(); }

private:
    static constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

    std::vector<std::uint32_t> owners_;
    std::size_t owned_ = 0;
};

/// What the members of one group share.
struct GroupContext {
    std::string name;
    const GroupPlan& plan;
    GroupTally& tally;
    PartitionOwners owners;
    /// When a member was first told of a change, since the load has reset this.
    std::optional<SteadyTime> told_at = {};
};

/// One member of a group: which request it sends next and when, given the answers. It has one open
/// request at a time. Does no I/O and reads no clock. Used by one thread.
class GroupMember {
public:
    static constexpr SteadyTime kNever = SteadyTime::max();
    /// After a refusal that ends by itself.
    static constexpr client::Milliseconds kRetryPause{100};

    /// `index` is its number in the group.
    GroupMember(GroupContext& group, std::uint32_t index) : group_(&group), index_(index) {}
    virtual ~GroupMember() = default;
    GroupMember(const GroupMember&) = delete;
    GroupMember& operator=(const GroupMember&) = delete;

    void start(SteadyTime now) { schedule_step(now); }
    /// From now on it sends nothing and has no partitions, as after the end of its process.
    void crash();
    /// Whether it waits for an answer.
    [[nodiscard]] bool is_open() const { return is_open_; }
    /// Its next request leaves the group; later it sends nothing.
    void leave(SteadyTime now);

    /// When the next request is due; kNever while one is open.
    [[nodiscard]] SteadyTime due() const { return is_open_ ? kNever : due_; }
    /// The request that is due. Errors: those of the message's `measure`.
    [[nodiscard]] Result<RequestFrame> next_request(SteadyTime now);
    /// Takes the answer to it. Errors: corrupt; a refusal that the load cannot go on after.
    [[nodiscard]] Result<void> on_answer(ByteView answer, SteadyTime now);

    /// Neither crashed nor leaving.
    [[nodiscard]] bool is_active() const { return state_ == State::active; }
    /// Whether its last request, with which it left, was answered.
    [[nodiscard]] bool has_left() const { return state_ == State::ended && open_leaves_; }
    /// Whether the coordinator knows that it has exactly what it has been assigned.
    [[nodiscard]] bool is_settled() const { return is_settled_; }
    /// Of a classic group: the generation. Of a consumer group: the member epoch. At least 1 once
    /// it is settled.
    [[nodiscard]] std::int32_t epoch() const { return epoch_; }
    [[nodiscard]] const std::vector<PartitionIndex>& owned() const { return owned_; }
    /// When it sent the request that made it a member, with its id.
    [[nodiscard]] std::optional<SteadyTime> joined_at() const { return joined_at_; }

protected:
    [[nodiscard]] virtual Result<RequestFrame> make_request() = 0;
    /// The request with which it leaves; its answer does not matter.
    [[nodiscard]] virtual Result<RequestFrame> make_farewell() = 0;
    [[nodiscard]] virtual Result<void> take_answer(ByteView answer, SteadyTime now) = 0;

    /// Its next request is a heartbeat, `interval` after `from`.
    void schedule_heartbeat(SteadyTime from, client::Milliseconds interval);
    /// Its next request is a step of a rebalance.
    void schedule_step(SteadyTime time);
    /// Gives up and takes over partitions, so that it has `next`; returns whether that changed
    /// anything. Errors: corrupt (the topic does not have such a partition).
    [[nodiscard]] Result<bool> own(std::vector<PartitionIndex> next);
    void give_up_all();
    /// The coordinator has removed it: it gives up all and is no member.
    void on_removed();
    /// Whether the same request may succeed soon.
    [[nodiscard]] static bool is_temporary(wire::ErrorCode code) {
        return code == wire::ErrorCode::coordinator_load_in_progress ||
               code == wire::ErrorCode::coordinator_not_available;
    }
    /// Counts a temporary refusal, and sends the request again after a pause.
    void retry_later(wire::ErrorCode code, SteadyTime now);
    /// The error of another refusal, which the load cannot go on after.
    [[nodiscard]] Error refusal(wire::ErrorCode code, std::string_view message) const;
    void set_epoch(std::int32_t epoch, SteadyTime now);
    void set_settled(bool is_settled) { is_settled_ = is_settled; }
    void note_told(SteadyTime now);
    void note_joining() { joined_at_ = joined_at_.value_or(sent_at_); }
    void note_heartbeat() { open_is_heartbeat_ = true; }

    [[nodiscard]] GroupContext& group() const { return *group_; }
    [[nodiscard]] const GroupPlan& plan() const { return group_->plan; }
    [[nodiscard]] std::uint32_t index() const { return index_; }
    [[nodiscard]] SteadyTime sent_at() const { return sent_at_; }

private:
    enum class State : std::uint8_t { active, leaving, ended };

    GroupContext* group_;
    std::uint32_t index_;
    State state_ = State::active;
    bool is_open_ = false;
    bool open_is_heartbeat_ = false;
    bool open_leaves_ = false;
    bool due_is_heartbeat_ = false;
    bool is_settled_ = false;
    std::int32_t epoch_ = 0;
    client::Milliseconds interval_{0};
    SteadyTime due_ = kNever;
    SteadyTime sent_at_;
    std::optional<SteadyTime> joined_at_;
    std::vector<PartitionIndex> owned_;  ///< ascending
};

}  // namespace hw::perf
