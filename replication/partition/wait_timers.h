#pragma once

#include <cstddef>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include "protocol/base/shard.h"
#include "protocol/base/time.h"
#include "replication/partition/delayed_request.h"

namespace hw::replication {

/// The deadlines of delayed requests of one shard. Used on that shard only. Its owner calls
/// on_time when next_deadline has come.
class WaitTimers {
public:
    static constexpr std::size_t kMaxWaits = 65'536;

    /// `earlier` is set when a wait gets a deadline before the one that `arm` returned.
    explicit WaitTimers(Signal& earlier) : earlier_(&earlier) {}
    /// Abandons the remaining waits, which then release their requests.
    ~WaitTimers();
    WaitTimers(const WaitTimers&) = delete;
    WaitTimers& operator=(const WaitTimers&) = delete;

    /// Sets the deadline of `wait`, which must not have one yet. False, and nothing is changed,
    /// when there are kMaxWaits: the caller then answers the request without a wait.
    [[nodiscard]] bool add(DelayedRequest& wait, TimePoint deadline);
    /// Keeps `wait`, which has no deadline, only to release it when the shard ends. It does not
    /// count to kMaxWaits.
    void add_untimed(DelayedRequest& wait);
    /// Ends the waits whose deadline has come, in the order of their deadlines.
    void on_time(TimePoint now);
    /// The earliest deadline; kNever when there are no waits.
    [[nodiscard]] TimePoint next_deadline() const;
    /// Returns next_deadline for a caller that sleeps until then, and remembers it for `earlier`.
    /// The caller is not woken when the wait with that deadline ends early, because most waits do,
    /// and each of them would wake it for nothing.
    [[nodiscard]] TimePoint arm() { return armed_ = next_deadline(); }
    [[nodiscard]] std::size_t size() const { return waits_.size(); }

private:
    friend class DelayedRequest;

    struct ByDeadline {
        bool operator()(const DelayedRequest& one, const DelayedRequest& other) const {
            return one.deadline_ < other.deadline_;
        }
    };
    using Place = boost::intrusive::member_hook<DelayedRequest, boost::intrusive::set_member_hook<>,
                                                &DelayedRequest::place_>;

    using UntimedPlace =
        boost::intrusive::member_hook<DelayedRequest, boost::intrusive::list_member_hook<>,
                                      &DelayedRequest::untimed_place_>;

    void remove(DelayedRequest& wait);
    void set_earlier(DelayedRequest& wait, TimePoint deadline);
    void insert(DelayedRequest& wait, TimePoint deadline);
    static void allow_stop(DelayedRequest& wait);

    Signal* earlier_;
    TimePoint armed_ = kNever;
    boost::intrusive::multiset<DelayedRequest, Place, boost::intrusive::compare<ByDeadline>> waits_;
    boost::intrusive::list<DelayedRequest, UntimedPlace,
                           boost::intrusive::constant_time_size<false>>
        untimed_;
};

}  // namespace hw::replication
