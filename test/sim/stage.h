#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "test/sim/event_trace.h"
#include "test/sim/sim_shard.h"

namespace hw::sim {

/// Runs the scripts of a run: coroutines that start the machines of the world and break them.
/// Scripts run side by side, in true time. A failed script ends the run.
class Stage {
public:
    static constexpr NodeTag kTag = 101;

    Stage(Scheduler& scheduler, EventTrace& trace) : shard_(scheduler, kTag, 0), trace_(trace) {}

    void spawn(Task<> script) {
        ++running_;
        shard_.spawn(run(std::move(script)));
    }
    /// Whether all scripts have ended.
    [[nodiscard]] bool is_over() const { return running_ == 0; }

    /// Waits until `done` returns true or `limit` has passed. Returns the result of `done`.
    [[nodiscard]] Task<bool> until(std::function<bool()> done, Duration limit) {
        Wait wait{.done = std::move(done), .woken = {}};
        if (!wait.done()) {
            const auto place = waits_.insert(waits_.end(), &wait);
            co_await shard_.wait(wait.woken, shard_.scheduler().now() + limit);
            waits_.erase(place);
        }
        co_return wait.done();
    }
    [[nodiscard]] Task<> sleep(Duration span) {
        Signal never;
        co_await shard_.wait(never, shard_.scheduler().now() + span);
    }
    /// Wakes the scripts whose conditions are true. Call after each step.
    void wake_scripts() {
        for (Wait* wait : waits_) {
            if (wait->done()) {
                wait->woken.set();
            }
        }
    }
    /// Destroys the scripts.
    void drop() { shard_.drop(); }

    void tell(std::string_view event) { trace_.add(event); }
    void fail_rule(std::string rule) {
        if (!broken_) {
            broken_ = std::move(rule);
        }
    }
    /// The first broken rule, as a sentence.
    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }
    [[nodiscard]] TimePoint now() { return shard_.scheduler().now(); }

private:
    struct Wait {
        std::function<bool()> done;
        Signal woken;
    };

    [[nodiscard]] Task<> run(Task<> script) {
        co_await std::move(script);
        --running_;
    }

    SimShard shard_;
    EventTrace& trace_;
    std::list<Wait*> waits_;
    std::size_t running_ = 0;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
