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

/// Works that one thread enters, one after the other; each enters so many more from inside.
using Program = std::vector<std::size_t>;

/// Who holds the object until all threads have ended.
enum class Holder : std::uint8_t { world, threads };

struct Scenario {
    std::vector<Program> programs;
    Holder holder = Holder::world;
    bool defers = false;  ///< work may be deferred
    std::size_t max_preemptions = model::Explorer::kUnlimited;
};

/// What the seam guards. Not two works may touch it at once, or without knowing of each other.
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

/// Time stands still: turns end by their count of works.
class StillClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return {}; }
    [[nodiscard]] Timestamp wall_now() const override { return Timestamp(0); }
};

class AnyDefer final : public DeferPolicy {
public:
    bool defer() override { return model::Explorer::active().pick(2) == 1; }
};

/// A shard as the seam needs it: what is posted runs in later turns.
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

/// One execution of a scenario on a seam: each thread enters its works, and runs its shard's turns
/// between them or after them.
template <class Seam>
class World {
public:
    explicit World(const Scenario& scenario)
        : scenario_(&scenario),
          history_(Seam::kMaxQueued),
          seam_(std::make_shared<Seam>(clock_, scenario.defers ? &defer_ : nullptr, history_)) {}

    /// Empty when all rules were kept; else what happened.
    [[nodiscard]] std::string run() {
        std::vector<model::Explorer::Body> bodies;
        for (const Program& program : scenario_->programs) {
            bodies.emplace_back(
                [this, &program, seam = seam_]() mutable { live(program, std::move(seam)); });
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

    void live(const Program& program, std::shared_ptr<Seam> seam) {
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

    /// Who drops the object last destroys it, unless the world does.
    void before_drop() {
        if (scenario_->holder == Holder::threads) {
            explorer().step({.place = &seam_, .writes = true});
        }
    }

    /// Enters a work that enters `more` from inside.
    void enter(Seam& seam, std::size_t more) {
        const WorkNumber number = history_.enters();
        auto work = [this, &seam, more, number, sent = model::Plain()](Visited& visited,
                                                                       Shard& here) mutable {
            history_.begins(number);
            history_.require(sent.touch(), "a work is run by who does not know it yet");
            history_.require(&here == &shard(), "a work is told of another shard than its own");
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

    /// When all is done the seam is as new: work runs at once, and kMaxQueued fit behind it.
    void check_idle() {
        const std::size_t begun = history_.count(What::begins);
        const std::size_t refused = history_.count(What::refused);
        enter(*seam_, Seam::kMaxQueued + 1);
        history_.require(history_.count(What::begins) > begun, "nobody is inside, but work waits");
        history_.require(history_.count(What::refused) == refused + 1, "room for more or less");
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

/// What came of all executions.
struct Verdict {
    std::string breach;  ///< of the last one; empty when there was none
    std::uint64_t executions = 0;
    std::uint64_t refusals = 0;
    std::uint64_t turns = 0;  ///< that went on with works of an earlier one
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
