#include <map>

#include <catch2/catch.hpp>

#include "test/unit/partition/fixture.h"

namespace hw::replication {
namespace {

/// Defers about half of the work that enters the guard.
class Coin final : public broker::DeferPolicy {
public:
    explicit Coin(Random& random) : random_(&random) {}
    bool defer() override { return random_->chance(1, 2); }

private:
    Random* random_;
};

/// What a run checks: also the state inside the node, or only what clients see.
enum class Sight : std::uint8_t { inside, outside };

/// How a run ends a node.
enum class Fault : std::uint8_t { kill, power_loss };

/// Producers and a consumer use one partition that crashes and restarts again and again. Records
/// what they were promised, and reports the first broken promise.
class Run {
public:
    Run(std::uint64_t seed, Durability durability, Mutants mutants, Sight sight)
        : sight_(sight), world_(seed), random_(seed * 7919), coin_(world_.scheduler.random()) {
        world_.options.durability = durability;
        world_.options.flush_messages = random_.chance(1, 3) ? 4 : INT64_MAX;
        world_.mutants = mutants;
        world_.policy = &coin_;
        world_.disk.faults().late_write_one_in = random_.below(3);
        world_.start();
    }

    /// Returns the first broken promise, empty if all were kept.
    std::string play() {
        for (int round = 0; round < 6 && broken_.empty(); ++round) {
            for (int step = 0; step < 60 && broken_.empty(); ++step) {
                act();
            }
            crash(random_.chance(1, 2) ? Fault::power_loss : Fault::kill);
        }
        return broken_;
    }

private:
    [[nodiscard]] bool on_disk() const { return world_.options.durability == Durability::disk; }

    void act() {
        const std::uint64_t choice = random_.below(10);
        if (choice < 3) {
            constexpr Acks kAcks[] = {Acks::none, Acks::leader, Acks::all};
            const Acks acks = kAcks[random_.below(3)];
            requests_.push_back({acks, world_.node->produce({.value = next_value()}, acks)});
        } else if (choice == 3) {
            consume();
        } else if (choice == 4) {
            waiting_.push_back(world_.node->watch(1 + random_.below(500), 0));
        } else if (choice == 5) {
            world_.node->sync();
        } else {
            for (std::uint64_t steps = random_.below(8); steps > 0; --steps) {
                world_.scheduler.step();
            }
        }
        check_watermark();
        collect();
    }

    std::string next_value() { return "value " + std::to_string(++values_); }

    void check_watermark() {
        if (sight_ == Sight::outside) {
            return;
        }
        const Offset now = world_.node->high_watermark();
        if (now < shown_) {
            broken_ = "the watermark fell";
        }
        if (on_disk() && now > world_.node->log().durable_end_offset()) {
            broken_ = "the watermark is above what is durable";
        }
        if (now > world_.node->log().log_end_offset()) {
            broken_ = "the watermark is above the log";
        }
        shown_ = now;
    }

    /// Records the answers received so far as promises.
    void collect() {
        std::erase_if(requests_, [this](const Request& request) {
            const Produced& produced = *request.produced;
            if (!produced.ended) {
                return false;
            }
            if (produced.code() == wire::ErrorCode::none && request.acks != Acks::none) {
                const Offset offset = produced.outcome().base_offset;
                (request.acks == Acks::all ? by_all_ : by_leader_)[offset] = produced.value;
            }
            return true;
        });
        std::erase_if(waiting_, [](const auto& waiting) { return waiting->ended; });
    }

    void consume() {
        for (std::int64_t offset = 0; const std::string& value : world_.node->values()) {
            read_[Offset(offset++)] = value;
        }
    }

    void crash(Fault fault) {
        requests_.clear();
        waiting_.clear();
        if (fault == Fault::kill) {
            world_.restart();
        } else {
            world_.lose_power();
            by_leader_.clear();
            if (!on_disk()) {
                by_all_.clear();
                read_.clear();
                shown_ = Offset(0);
            }
        }
        check_watermark();
        check_promises();
        if (broken_.empty() && !on_disk()) {
            read_.clear();
        }
    }

    void check_promises() {
        const std::vector<std::string> log = world_.node->values();
        check(by_leader_, log, "a record acknowledged with acks=1 is gone");
        check(by_all_, log, "a record acknowledged with acks=all is gone");
        check(read_, log, "a record that was read is gone");
    }

    void check(const std::map<Offset, std::string>& promised, const std::vector<std::string>& log,
               const char* breach) {
        for (const auto& [offset, value] : promised) {
            const auto index = static_cast<std::size_t>(offset.value());
            if (index >= log.size() || log[index] != value) {
                broken_ = breach;
            }
        }
    }

    struct Request {
        Acks acks;
        std::unique_ptr<Produced> produced;
    };

    Sight sight_;
    World world_;
    Random random_;
    Coin coin_;
    std::vector<Request> requests_;
    std::vector<std::unique_ptr<Waiting>> waiting_;
    std::map<Offset, std::string> by_leader_;
    std::map<Offset, std::string> by_all_;
    std::map<Offset, std::string> read_;
    Offset shown_{0};
    int values_ = 0;
    std::string broken_;
};

constexpr std::uint64_t kSeeds = 200;

TEST_CASE(
    "crash: a disk topic keeps records that were read or acknowledged with acks=all, and after a "
    "kill also those with acks=1",
    "[partition][crash][seeded]") {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        INFO("seed " << seed);
        CHECK(Run(seed, Durability::disk, {}, Sight::inside).play() == "");
    }
}

TEST_CASE("crash: a memory topic loses nothing when only the process is killed",
          "[partition][crash][seeded]") {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        INFO("seed " << seed);
        CHECK(Run(seed, Durability::memory, {}, Sight::inside).play() == "");
    }
}

/// The promises that break with `mutants`, and how many seeds break each of them.
std::map<std::string, int> breaches(const Mutants& mutants, Sight sight) {
    std::map<std::string, int> found;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        ++found[Run(seed, Durability::disk, mutants, sight).play()];
    }
    found.erase("");
    return found;
}

TEST_CASE("crash: the run detects an acknowledgement before the sync",
          "[partition][crash][seeded][mutant]") {
    Mutants mutants;
    mutants.leader.acknowledges_before_sync = true;
    CHECK(breaches(mutants, Sight::inside).contains("the watermark is above what is durable"));
    const auto seen = breaches(mutants, Sight::outside);
    CHECK(seen.contains("a record acknowledged with acks=all is gone"));
    CHECK(seen.contains("a record that was read is gone"));
}

TEST_CASE("crash: lost records reveal a durable end that advances before the sync",
          "[partition][crash][seeded][mutant]") {
    Mutants mutants;
    mutants.log.durable_end_before_sync = true;
    const auto seen = breaches(mutants, Sight::outside);
    CHECK(seen.contains("a record acknowledged with acks=all is gone"));
}

}  // namespace
}  // namespace hw::replication
