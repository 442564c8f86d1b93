#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/wire/error_code.h"
#include "test/sim/plan.h"
#include "test/sim/team_member.h"

namespace hw::sim {

/// A member of a group of the consumer protocol (KIP-848): sends heartbeats, gives up partitions
/// when it is told to, sometimes late, reads the offsets of those that it gets, and commits. It
/// leaves, or is a new process that knows nothing of the one before; and sometimes an old heartbeat
/// or commit comes once more. Reports to the judges of consumer groups and of offsets.
class SimConsumer final : public TeamMember {
public:
    /// `plan` outlives it; `number` is the index of its MemberPlan.
    SimConsumer(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed);

private:
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

    void begin_life() override;
    [[nodiscard]] Task<> take_part() override;
    void on_failure(std::optional<wire::ErrorCode> code) override;
    [[nodiscard]] Role role() const override { return {{id_, plan_.instance}, epoch_, owned_}; }

    [[nodiscard]] Task<> learn_topics();
    [[nodiscard]] Task<> heartbeat();
    [[nodiscard]] Task<Answer> send(Beat beat);
    /// An earlier heartbeat comes once more, as from a connection of before.
    [[nodiscard]] Task<> resend();
    void take(const Answer& answer, bool is_current, TimePoint sent);
    /// Reads where to begin in a partition.
    [[nodiscard]] Task<> resume(std::int32_t partition);
    [[nodiscard]] Task<> leave();
    /// It was told that it is no member any more.
    void on_fenced();
    /// It has nothing, and must join.
    void begin_anew();

    std::map<TopicId, std::string> names_;  ///< of its topics, when it has learned them
    std::uint64_t processes_ = 0;
    std::string id_;
    std::int32_t epoch_ = 0;           ///< 0: it must join
    std::int32_t previous_epoch_ = 0;  ///< of the last answer with another epoch
    bool must_tell_all_ = true;
    Partitions assigned_;               ///< by the last answer that says so
    std::optional<Partitions> told_;    ///< the last that an answered heartbeat said
    std::set<std::int32_t> to_resume_;  ///< new ones, whose offsets it has not read
};

}  // namespace hw::sim
