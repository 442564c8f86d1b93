#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <boost/intrusive/set_hook.hpp>

#include "protocol/base/shard.h"
#include "protocol/base/time.h"

namespace hw::replication {

class WaitTimers;

/// What a request waits for: it ends once, by what it waits for or by its deadline, and calls
/// `done` then.
///
/// Lives on the shard of its request. Partitions, which others enter too, hold weak references, and
/// a reference that they lock goes to the shard in a post, so that the last one ends there. Owned
/// by the request through a WaitHandle.
class RequestWait {
public:
    using Done = std::move_only_function<void()>;

    RequestWait(const RequestWait&) = delete;
    RequestWait& operator=(const RequestWait&) = delete;
    virtual ~RequestWait() = default;

    /// Nobody waits any more: `done` is not called. The deadline is forgotten.
    void abandon();
    /// It has ended or was abandoned.
    [[nodiscard]] bool ended() const { return !done_; }
    /// May be asked by any thread.
    [[nodiscard]] Shard& shard() const { return *shard_; }

protected:
    RequestWait(Shard& shard, Done done) : shard_(&shard), done_(std::move(done)) {}

    /// The last that is done with this object: `done` may end it.
    void end();

private:
    friend class WaitTimers;

    virtual void on_deadline() = 0;
    /// Its shard ends with waits left, as in a crash: what the wait holds of the request goes, and
    /// with it the object, maybe. It was abandoned.
    virtual void on_shard_end() {}

    Shard* shard_;
    Done done_;
    WaitTimers* timers_ = nullptr;  ///< where its deadline is watched
    TimePoint deadline_{};
    boost::intrusive::set_member_hook<> place_;  ///< among those of `timers_`
};

/// The request's own reference to what it waits for. When the request goes, the wait is abandoned.
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

private:
    std::shared_ptr<Wait> wait_;
};

}  // namespace hw::replication
