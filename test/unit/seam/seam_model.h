#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/runtime/guarded.h"
#include "test/unit/seam/explorer.h"
#include "test/unit/seam/history.h"
#include "test/unit/seam/model_atomic.h"

namespace hw::broker {

/// The work that one thread enters, in order. Each number says how much more work is entered from
/// inside of it.
using Program = std::vector<std::size_t>;

/// What keeps the object alive: the World until all threads have ended, or only the threads.
enum class Holder : std::uint8_t { world, threads };

struct Scenario {
    std::vector<Program> programs;
    Holder holder = Holder::world;
    bool defers = false;  ///< work may be deferred
    std::size_t max_preemptions = model::Explorer::kUnlimited;
};

/// The guarded object. Reports work that touches it without having seen the work before.
class Visited {
public:
    explicit Visited(History& history) : history_(&history) {}
    Visited(const Visited&) = delete;
    Visited& operator=(const Visited&) = delete;
    ~Visited() { history_->destroyed(); }

    void visit();

private:
    History* history_;
    model::Plain memory_;
};

/// A clock that stands still, so that turns end by the amount of work.
class StillClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return {}; }
    [[nodiscard]] Timestamp wall_now() const override { return Timestamp(0); }
};

class AnyDefer final : public DeferPolicy {
public:
    bool defer() override { return model::Explorer::active().pick(2) == 1; }
};

/// The part of a shard that Guarded uses. Posted work runs in later turns.
class ModelShard final : public Shard {
public:
    void post(std::move_only_function<void()> work) override { turns_.push_back(std::move(work)); }
    void spawn(Task<> task) override;
    void at_end_of_turn(TurnStep step, TurnHook& hook) override;
    [[nodiscard]] Task<Woken> wait(Signal& signal, TimePoint deadline) override;
    [[nodiscard]] std::size_t index() const override { return 0; }

    [[nodiscard]] bool has_turn() const { return !turns_.empty(); }
    [[nodiscard]] std::move_only_function<void()> take_turn();

private:
    std::deque<std::move_only_function<void()>> turns_;
};

/// One execution of a scenario. Each thread enters its work, and runs the turns of its shard
/// between the entries or after them. `Seam` is the class under test, through which threads enter
/// one object: Guarded or a BrokenSeam.
template <class Seam>
class World {
public:
    explicit World(const Scenario& scenario)
        : scenario_(&scenario),
          history_(Seam::kMaxQueued),
          seam_(std::make_shared<Seam>(clock_, scenario.defers ? &defer_ : nullptr, history_)) {}

    /// Empty if all rules were kept; otherwise the breach and what happened.
    [[nodiscard]] std::string run() {
        std::vector<model::Explorer::Body> bodies;
        for (const Program& program : scenario_->programs) {
            bodies.emplace_back([this, &program, seam = seam_]() mutable {
                run_program(program, std::move(seam));
            });
        }
        if (scenario_->holder == Holder::threads) {
            seam_ = nullptr;
        }
        explorer().run(std::move(bodies));
        if (seam_ != nullptr && history_.breach().empty()) {
            check_idle();
        }
        seam_ = nullptr;
        history_.finish();
        return history_.breach();
    }
    [[nodiscard]] std::size_t refusals() const { return history_.count(What::refused); }
    [[nodiscard]] std::size_t turns() const { return turns_; }

private:
    [[nodiscard]] static model::Explorer& explorer() { return model::Explorer::active(); }
    [[nodiscard]] ModelShard& shard() { return shards_.at(explorer().thread()); }

    void run_program(const Program& program, std::shared_ptr<Seam> seam) {
        auto next = program.begin();
        while (seam != nullptr || shard().has_turn()) {
            if (shard().has_turn() && (seam == nullptr || explorer().pick(2) == 1)) {
                run_turn();
                continue;
            }
            enter(*seam, *next);
            if (++next == program.end()) {
                before_drop();
                seam = nullptr;
            }
        }
    }

    void run_turn() {
        auto turn = shard().take_turn();
        turn();
        ++turns_;
        before_drop();
    }

    /// Gives the explorer a step before a thread drops its reference, because the last thread to
    /// drop it destroys the object. Not needed when the World holds one.
    void before_drop() {
        if (scenario_->holder == Holder::threads) {
            explorer().step({.place = &seam_, .writes = true});
        }
    }

    /// Enters work that enters `more` pieces of work from inside.
    void enter(Seam& seam, std::size_t more) {
        const WorkNumber number = history_.enters();
        auto work = [this, &seam, more, number, sent = model::Plain()](Visited& visited,
                                                                       Shard& here) mutable {
            history_.begins(number);
            history_.require(sent.touch(), "work runs on a thread that has not seen it");
            history_.require(&here == &shard(), "work gets another shard than the one it runs on");
            visited.visit();
            for (std::size_t i = 0; i < more; ++i) {
                enter(seam, 0);
            }
            history_.ends(number);
        };
        if (seam.enter(shard(), std::move(work))) {
            history_.accepted(number);
        } else {
            history_.refused(number);
        }
    }

    /// Checks that the object is idle again: work runs at once, and kMaxQueued more fit into the
    /// queue.
    void check_idle() {
        const std::size_t begun = history_.count(What::begins);
        const std::size_t refused = history_.count(What::refused);
        enter(*seam_, Seam::kMaxQueued + 1);
        history_.require(history_.count(What::begins) > begun, "nobody is inside, but work waits");
        history_.require(history_.count(What::refused) == refused + 1,
                         "the queue has room for more or less than kMaxQueued");
        while (shard().has_turn()) {
            run_turn();
        }
    }

    const Scenario* scenario_;
    StillClock clock_;
    AnyDefer defer_;
    History history_;
    std::array<ModelShard, model::kMaxThreads + 1> shards_;
    std::shared_ptr<Seam> seam_;
    std::size_t turns_ = 0;
};

/// The result of all executions.
struct Verdict {
    std::string breach;  ///< of the last execution; empty if there was none
    std::uint64_t executions = 0;
    std::uint64_t refusals = 0;
    std::uint64_t turns = 0;  ///< turns that continued the work of an earlier one
};

/// Runs `scenario` in all interleavings, until one breaks a rule.
template <class Seam>
Verdict explore(const Scenario& scenario) {
    model::Explorer explorer(scenario.max_preemptions);
    Verdict verdict;
    do {
        World<Seam> world(scenario);
        verdict.breach = world.run();
        verdict.refusals += world.refusals();
        verdict.turns += world.turns();
    } while (verdict.breach.empty() && explorer.next());
    verdict.executions = explorer.executions();
    return verdict;
}

}  // namespace hw::broker
