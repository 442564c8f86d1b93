#include "broker/runtime/event_loop.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

/// Adds its number to `notes` at the end of a turn.
class Note final : public TurnHook {
public:
    Note(std::vector<int>& notes, int number) : notes_(notes), number_(number) {}
    void at_end_of_turn() override { notes_.push_back(number_); }

private:
    std::vector<int>& notes_;
    int number_;
};

TEST_CASE("event loop: posts of all threads run, in order for each thread", "[seam][loop]") {
    constexpr int kThreads = 4;
    constexpr int kPosts = 20'000;
    EventLoop loop(0);
    std::thread runner([&loop] { loop.run(); });
    std::vector<std::vector<int>> seen(kThreads);
    const auto post_all = [&loop](std::vector<int>& mine) {
        for (int work = 0; work < kPosts; ++work) {
            loop.post([&mine, work] { mine.push_back(work); });
        }
    };
    std::vector<std::thread> posters;
    for (std::vector<int>& mine : seen) {
        posters.emplace_back([&post_all, &mine] { post_all(mine); });
    }
    for (std::thread& poster : posters) {
        poster.join();
    }
    loop.stop();
    runner.join();
    for (const std::vector<int>& numbers : seen) {
        REQUIRE(numbers.size() == kPosts);
        CHECK(std::ranges::is_sorted(numbers));
    }
}

TEST_CASE("event loop: each post wakes a loop that sleeps", "[seam][loop]") {
    EventLoop loop(0);
    std::thread runner([&loop] { loop.run(); });
    std::atomic<int> done = 0;
    for (int work = 1; work <= 2'000; ++work) {
        loop.post([&done, work] { done = work; });
        while (done != work) {
            std::this_thread::yield();
        }
    }
    loop.stop();
    runner.join();
    CHECK(done == 2'000);
}

TEST_CASE(
    "event loop: apply hooks and the work that they post run before the send hooks of the turn",
    "[seam][loop]") {
    EventLoop loop(0);
    std::vector<int> notes;
    Note sent(notes, 3);
    class Apply final : public TurnHook {
    public:
        Apply(EventLoop& loop, std::vector<int>& notes) : loop_(loop), notes_(notes) {}
        void at_end_of_turn() override {
            notes_.push_back(1);
            loop_.post([this] { notes_.push_back(2); });
        }

    private:
        EventLoop& loop_;
        std::vector<int>& notes_;
    } applied(loop, notes);
    loop.post([&] {
        loop.at_end_of_turn(TurnStep::send, sent);
        loop.at_end_of_turn(TurnStep::apply, applied);
        loop.stop();
    });
    loop.run();
    CHECK(notes == std::vector{1, 2, 3});
}

TEST_CASE("event loop: work that never ran is destroyed with it, and may post in its destructor",
          "[seam][loop]") {
    struct Last {
        EventLoop& loop;
        ~Last() {
            loop.post([] {});
        }
    };
    std::weak_ptr<Last> watched;
    {
        EventLoop loop(0);
        auto last = std::make_shared<Last>(loop);
        watched = last;
        loop.post([last = std::move(last)] {});
        CHECK_FALSE(watched.expired());
    }
    CHECK(watched.expired());
}

}  // namespace
}  // namespace hw::broker
