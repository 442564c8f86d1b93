#pragma once

#include <cstddef>

#include <boost/intrusive/set.hpp>

#include "protocol/base/shard.h"
#include "protocol/base/time.h"
#include "replication/partition/request_wait.h"

namespace hw::replication {

/// The deadlines of all requests of one shard that wait. Owned by the shard's services, used on
/// that shard only; who owns it calls on_time when next_deadline has come.
class WaitTimers {
public:
    static constexpr std::size_t kMaxWaits = 65'536;

    /// `earlier` is set when a wait ends before what `arm` told.
    explicit WaitTimers(Signal& earlier) : earlier_(&earlier) {}
    /// Waits that are left do not end; they let their requests go.
    ~WaitTimers();
    WaitTimers(const WaitTimers&) = delete;
    WaitTimers& operator=(const WaitTimers&) = delete;

    /// Ends `wait`, which has no deadline yet, at `deadline` unless it ends before. False, and
    /// nothing done, when kMaxWaits have one: the request is answered without a wait.
    [[nodiscard]] bool add(RequestWait& wait, TimePoint deadline);
    /// Ends the waits whose deadline has come, in the order of the deadlines.
    void on_time(TimePoint now);
    /// kNever when nobody waits.
    [[nodiscard]] TimePoint next_deadline() const;
    /// The same, for who sleeps until then. It is not woken when that deadline goes: most waits end
    /// long before theirs, and one deadline after the other would wake it for each of them.
    [[nodiscard]] TimePoint arm() { return armed_ = next_deadline(); }
    [[nodiscard]] std::size_t size() const { return waits_.size(); }

private:
    friend class RequestWait;

    struct ByDeadline {
        bool operator()(const RequestWait& one, const RequestWait& other) const {
            return one.deadline_ < other.deadline_;
        }
    };
    using Place = boost::intrusive::member_hook<RequestWait, boost::intrusive::set_member_hook<>,
                                                &RequestWait::place_>;

    void remove(RequestWait& wait);

    Signal* earlier_;
    TimePoint armed_ = kNever;
    boost::intrusive::multiset<RequestWait, Place, boost::intrusive::compare<ByDeadline>> waits_;
};

}  // namespace hw::replication
