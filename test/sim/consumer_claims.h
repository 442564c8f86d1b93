#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "protocol/base/time.h"
#include "test/sim/consumer_judge.h"

namespace hw::sim {

/// What belongs to one member of a group, as far as it can be sure of it, reported to the judge
/// when it ends. Only answers of the newest coordinator prove something, because one that was
/// replaced does not know what the newest has decided.
///
/// A heartbeat without an answer may be taken at any time later. If it says that the member does
/// not have a partition, that may give the partition away as soon as the member gets it. No
/// coordinator can tell, while the epoch of the heartbeat is not too old, so such a partition is
/// not claimed. The same is true of a JoinGroup, which has no epoch and never gets too old.
class ConsumerClaims {
public:
    using Partitions = std::set<std::int32_t>;
    /// `session` and `rebalance` are those by the fastest clock of the coordinators.
    struct Limits {
        Duration session{};
        Duration rebalance{};
    };

    /// `judge` outlives it.
    ConsumerClaims(ConsumerJudge& judge, std::size_t group, const Limits& limits)
        : judge_(judge), group_(group), limits_(limits) {}

    /// A new process, with another name.
    void begin(MemberName name);
    /// A heartbeat was answered, or a SyncGroup.
    ///
    /// \param given       what the answer gives; nullopt: it does not say
    /// \param must_give_up  the member has something that it shall not have
    void on_answer(TimePoint sent, TimePoint done, const std::optional<Partitions>& given,
                   bool must_give_up);
    /// An answer says that it is a member, but hides what it must give up: that to a heartbeat of
    /// the classic protocol in a rebalance.
    void on_heard(TimePoint sent) { heard_ = sent; }
    /// A JoinGroup is sent. The time to give something up may begin then, not before.
    void on_join(TimePoint sent) { first_join_ = first_join_.value_or(sent); }
    /// It was answered: the member was not removed before.
    void on_joined(TimePoint sent);
    /// A heartbeat has no answer, and may still come. `owned`: what it says the member has.
    void on_silence(std::int32_t epoch, Partitions owned);
    /// The same, of a JoinGroup.
    void on_silence(Partitions owned) { on_silence(kNoEpoch, std::move(owned)); }
    /// No coordinator takes heartbeats with earlier epochs any more.
    void on_epoch(std::int32_t oldest);
    /// The member has only these now.
    void keep(const Partitions& owned, TimePoint now);
    /// The member has nothing any more.
    void end(TimePoint now);
    /// The member has died: all lasts as long as its coordinator must believe that it lives.
    void abandon() { end(kNever); }

private:
    /// Of what has no epoch: later than all.
    static constexpr std::int32_t kNoEpoch = std::numeric_limits<std::int32_t>::max();

    struct Late {
        std::int32_t epoch = 0;
        Partitions owned;
    };

    [[nodiscard]] TimePoint lease_end() const;
    void report(std::optional<std::int32_t> partition, TimePoint from, TimePoint until);

    ConsumerJudge& judge_;
    std::size_t group_;
    Limits limits_;
    MemberName name_;
    TimePoint heard_{};    ///< when the last request was sent whose answer says it is a member
    TimePoint settled_{};  ///< it was told or asked what it must give up, and before it was well
    std::optional<TimePoint> first_join_;  ///< since all was well: it need not give up anything
    std::optional<TimePoint> gives_up_;    ///< it gives something up, and was told later than then
    std::optional<TimePoint> instance_;    ///< since when its instance belongs to it
    std::map<std::int32_t, TimePoint> partitions_;  ///< since when they belong to it
    std::vector<Late> late_;
};

}  // namespace hw::sim
