#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/wire/error_code.h"
#include "test/sim/consumer_claims.h"
#include "test/sim/consumer_judge.h"
#include "test/sim/plan.h"
#include "test/sim/sim_client.h"

namespace hw::sim {

/// A member of a group of the consumer protocol (KIP-848): sends heartbeats, gives up partitions
/// when it is told to, sometimes late, reads the offsets of those that it gets, and commits. It
/// pauses for longer than its session, leaves, or is a new process that knows nothing of the one
/// before; and sometimes an old heartbeat or commit comes once more. Reports to the judges of
/// consumer groups and of offsets.
class SimConsumer final : public SimClient {
public:
    /// `plan` outlives it; `number` is the index of its MemberPlan.
    SimConsumer(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed);

    /// Ends when, after the last fault, all members of its group agree.
    [[nodiscard]] Task<> run();

private:
    /// The code of an answer, or why there is none.
    using Code = Result<wire::ErrorCode>;
    using Partitions = ConsumerClaims::Partitions;
    /// What it was in an epoch.
    struct Role {
        MemberName name;
        std::int32_t epoch = 0;
        Partitions partitions;
    };
    /// A heartbeat that is to be sent.
    struct Beat {
        std::string id;
        std::int32_t epoch = 0;
        bool is_full = false;                  ///< says everything
        std::optional<Partitions> owned = {};  ///< nullopt: unchanged
    };
    /// The answer to one. Without a code there was none.
    struct Answer {
        Code code;
        std::int32_t epoch = 0;
        bool is_stable = false;                     ///< the interval is that of a stable group
        std::optional<Partitions> partitions = {};  ///< nullopt: unchanged
    };

    [[nodiscard]] Task<> learn_topics();
    [[nodiscard]] Task<> take_part();
    [[nodiscard]] Task<> heartbeat();
    [[nodiscard]] Task<Answer> send(Beat beat);
    /// An earlier heartbeat comes once more, as from a connection of before.
    [[nodiscard]] Task<> resend();
    void take(const Answer& answer, bool is_current, TimePoint sent);
    [[nodiscard]] Task<> commit_now();
    [[nodiscard]] Task<> commit(Role role);
    /// Reads where to begin in a partition.
    [[nodiscard]] Task<> resume(std::int32_t partition);
    [[nodiscard]] Task<> leave();
    /// The process ends; another one begins.
    void restart();
    /// It was told that it is no member any more.
    void on_fenced();
    /// It has nothing, and must join.
    void begin_anew();
    /// Acts on the code of an answer.
    void on_code(std::string_view what, const Code& code);
    [[nodiscard]] std::optional<RegisterNumber> register_of(std::int32_t partition) const;
    [[nodiscard]] MemberName name() const { return {id_, plan_.instance}; }
    [[nodiscard]] TimePoint now() const { return world_.clock.now(); }
    [[nodiscard]] TimePoint deadline() const { return now() + plan_.request_timeout; }
    [[nodiscard]] TeamState& team() { return world_.teams[plan_.team]; }
    [[nodiscard]] bool is_coordinator_current() const {
        return coordinator_ &&
               world_.leadership(group_.coordinator, *coordinator_) == Leadership::newest;
    }

    const Plan& world_plan_;
    const MemberPlan& plan_;
    const GroupPlan& group_;
    std::size_t number_;
    std::set<std::string> topics_;          ///< that it subscribes to
    std::map<TopicId, std::string> names_;  ///< of these, when it has learned them
    std::uint64_t processes_ = 0;
    std::string id_;
    std::int32_t epoch_ = 0;           ///< 0: it must join
    std::int32_t previous_epoch_ = 0;  ///< of the last answer with another epoch
    bool must_tell_all_ = true;
    Partitions assigned_;               ///< by the last answer that says so
    Partitions owned_;                  ///< in use
    std::optional<Partitions> told_;    ///< the last that an answered heartbeat said
    std::set<std::int32_t> to_resume_;  ///< new ones, whose offsets it has not read
    std::vector<Role> earlier_;         ///< some
    ConsumerClaims claims_;
};

}  // namespace hw::sim
