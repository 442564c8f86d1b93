#include "test/unit/seam/explorer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::model {
namespace {

constexpr std::size_t kStackSize = 256 * 1024;

constexpr std::uint32_t bit(std::size_t index) {
    return std::uint32_t{1} << index;
}

bool may_be_swapped(const Touch& one, const Touch& other) {
    return one.place != other.place || (!one.writes && !other.writes);
}

}  // namespace

void Knowledge::join(const Knowledge& other) {
    for (std::size_t thread = 0; thread < moments_.size(); ++thread) {
        moments_[thread] = std::max(moments_[thread], other.moments_[thread]);
    }
}

Explorer::Explorer(std::size_t max_preemptions) : max_preemptions_(max_preemptions) {
    HW_ASSERT(active_ == nullptr);
    active_ = this;
}

Explorer::~Explorer() {
    active_ = nullptr;
}

void Explorer::run(std::vector<Body> bodies) {
    HW_ASSERT(bodies.size() <= kMaxThreads);
    depth_ = 0;
    asleep_ = 0;
    preemptions_ = 0;
    repeats_ = false;
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        begin(i, std::move(bodies[i]));
    }
    switch_to(choose());
    for (const Thread& thread : threads_) {
        knowledge().join(thread.knowledge);
    }
    ++executions_;
    redundant_ += repeats_ ? 1 : 0;
}

bool Explorer::next() {
    while (!path_.empty()) {
        Fork& last = path_.back();
        last.tried |= bit(last.chosen);
        if (const Mask left = last.options & ~last.tried; left != 0) {
            last.chosen = static_cast<std::size_t>(std::countr_zero(left));
            return true;
        }
        path_.pop_back();
    }
    return false;
}

void Explorer::step(Touch touch) {
    if (current_ == kOutside) {
        return;
    }
    threads_[current_].next = touch;
    switch_to(choose());
}

std::size_t Explorer::pick(std::size_t options) {
    if (current_ == kOutside) {
        return 0;
    }
    if (depth_ == path_.size()) {
        const Mask all = bit(options) - 1;
        path_.push_back({.options = all, .tried = repeats_ ? all : 0, .chosen = 0});
    }
    return path_[depth_++].chosen;
}

void Explorer::run_thread() {
    Explorer& explorer = active();
    Thread& thread = explorer.threads_[explorer.current_];
    thread.body();
    thread.body = nullptr;
    thread.ended = true;
    explorer.switch_to(explorer.choose());
}

void Explorer::begin(std::size_t index, Body body) {
    Thread& thread = threads_[index];
    if (thread.stack == nullptr) {
        thread.stack = std::make_unique<std::byte[]>(kStackSize);
    }
    thread.body = std::move(body);
    thread.next = {};
    thread.ended = false;
    thread.knowledge = knowledge();
    thread.knowledge.tick(index);
    HW_ASSERT(getcontext(&thread.context) == 0);
    thread.context.uc_stack.ss_sp = thread.stack.get();
    thread.context.uc_stack.ss_size = kStackSize;
    thread.context.uc_link = nullptr;
    makecontext(&thread.context, &Explorer::run_thread, 0);
}

/// Chooses the thread that takes the next step, or kOutside when all have ended.
std::size_t Explorer::choose() {
    Mask ready = 0;
    for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
        ready |= threads_[thread].ended ? 0 : bit(thread);
    }
    if (ready == 0) {
        return kOutside;
    }
    const bool goes_on = current_ != kOutside && (ready & bit(current_)) != 0;
    if (goes_on && preemptions_ == max_preemptions_) {
        ready = bit(current_);
    }
    repeats_ = repeats_ || (ready & ~asleep_) == 0;
    if (depth_ == path_.size()) {
        path_.push_back(fork(ready));
    }
    const Fork& taken = path_[depth_++];
    preemptions_ += goes_on && taken.chosen != current_ ? 1 : 0;
    asleep_ = max_preemptions_ == kUnlimited ? still_asleep(taken) : 0;
    return taken.chosen;
}

/// Makes a fork that was not taken before. It chooses the running thread first, which saves a
/// switch.
Explorer::Fork Explorer::fork(Mask options) const {
    const Mask tried = repeats_ ? options : asleep_;
    const Mask left = repeats_ ? options : options & ~asleep_;
    const bool same = current_ != kOutside && (left & bit(current_)) != 0;
    const auto first = static_cast<std::size_t>(std::countr_zero(left));
    return {.options = options, .tried = tried, .chosen = same ? current_ : first};
}

/// A thread stays asleep as long as its next step may be swapped with each step taken since.
Explorer::Mask Explorer::still_asleep(const Fork& taken) const {
    Mask asleep = 0;
    for (std::size_t thread = 0; thread < kMaxThreads; ++thread) {
        const bool independent = may_be_swapped(threads_[thread].next, threads_[taken.chosen].next);
        asleep |= thread != taken.chosen && independent ? taken.tried & bit(thread) : 0;
    }
    return asleep;
}

void Explorer::switch_to(std::size_t next) {
    const std::size_t last = std::exchange(current_, next);
    if (last != next) {
        HW_ASSERT(swapcontext(&threads_[last].context, &threads_[next].context) == 0);
    }
}

}  // namespace hw::model
