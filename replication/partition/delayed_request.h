#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>

#include "protocol/base/shard.h"
#include "protocol/base/time.h"

namespace hw::replication {

class WaitTimers;

/// A delayed request: base class of DelayedFetch and DelayedProduce. It ends once, by the event
/// that it waits for or at its deadline, and then calls `done`.
///
/// Lives on the shard of its request, which owns it through a WaitHandle. Partitions, which other
/// shards enter too, hold weak references. When a partition locks its weak
/// reference, it hands the shared_ptr to the request's shard by a post, so that the last reference
/// is always released on that shard.
class DelayedRequest {
public:
    using Done = std::move_only_function<void()>;

    DelayedRequest(const DelayedRequest&) = delete;
    DelayedRequest& operator=(const DelayedRequest&) = delete;
    virtual ~DelayedRequest() = default;

    /// Cancels the wait and its deadline: `done` is not called.
    void abandon();
    /// True if it has ended or was abandoned.
    [[nodiscard]] bool ended() const { return !done_; }
    /// The shard of the request. May be called on any thread.
    [[nodiscard]] Shard& shard() const { return *shard_; }

protected:
    DelayedRequest(Shard& shard, Done done) : shard_(&shard), done_(std::move(done)) {}

    /// Ends at `deadline` instead of its own, if that is later.
    void set_earlier(TimePoint deadline);
    /// Ends the wait and calls `done`, which may destroy this object.
    void end();

private:
    friend class WaitTimers;

    virtual void on_deadline() = 0;
    /// The shard is destroyed while the wait is not ended, as in a simulated crash. Called after
    /// `abandon`. Releases what the wait holds of the request, which may destroy this object.
    virtual void on_shard_end() {}

    Shard* shard_;
    Done done_;
    WaitTimers* timers_ = nullptr;  ///< set while it has a deadline there
    TimePoint deadline_{};
    // Its position in one of the two containers of `timers_`: waits with and without a deadline.
    boost::intrusive::set_member_hook<> place_;
    boost::intrusive::list_member_hook<> untimed_place_;
};

/// The request's owning reference to its wait. Its destruction abandons the wait.
template <class Wait>
class WaitHandle {
public:
    WaitHandle() = default;
    explicit WaitHandle(std::shared_ptr<Wait> wait) : wait_(std::move(wait)) {}
    WaitHandle(WaitHandle&&) noexcept = default;
    WaitHandle& operator=(WaitHandle&& other) noexcept {
        std::swap(wait_, other.wait_);
        return *this;
    }
    ~WaitHandle() {
        if (wait_) {
            wait_->abandon();
        }
    }

    [[nodiscard]] Wait& operator*() const { return *wait_; }
    [[nodiscard]] Wait* operator->() const { return wait_.get(); }
    /// Null if there is no wait.
    [[nodiscard]] const std::shared_ptr<Wait>& get() const { return wait_; }

private:
    std::shared_ptr<Wait> wait_;
};

}  // namespace hw::replication
