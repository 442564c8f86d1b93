#include "test/sim/offset_judge.h"

#include <catch2/catch.hpp>

namespace hw::sim {
namespace {

using Catch::Matchers::Contains;

TimePoint at(int seconds) {
    return TimePoint(std::chrono::seconds(seconds));
}

/// A register, and functions that report as clients do. Times are seconds.
struct Group {
    OffsetJudge judge{{"group-0 for topic-0-0"}};

    void commit(int offset, int sent, int done, WriteOutcome outcome = WriteOutcome::acknowledged) {
        judge.on_write(RegisterNumber(0), {Offset(offset), at(sent), at(done), outcome});
    }
    void remove(int sent, int done, WriteOutcome outcome = WriteOutcome::acknowledged) {
        judge.on_write(RegisterNumber(0), {kNoOffset, at(sent), at(done), outcome});
    }
    void read(int offset, int sent, int done, Leadership leadership = Leadership::newest) {
        judge.on_read(RegisterNumber(0), {Offset(offset), at(sent), at(done), leadership});
    }
    void read_nothing(int sent, int done) {
        judge.on_read(RegisterNumber(0), {kNoOffset, at(sent), at(done), Leadership::newest});
    }
    [[nodiscard]] std::string broken() const { return judge.judge().value_or(""); }
};

TEST_CASE("offset judge: commits, removals and reads in a possible order break no rule",
          "[sim][offsets]") {
    Group h;
    h.read_nothing(0, 1);
    h.commit(1, 2, 3);
    h.read(1, 4, 5);
    SECTION("one after the other") {
        h.commit(2, 6, 7);
        h.read(2, 8, 9);
        h.remove(10, 11);
        h.read_nothing(12, 13);
        h.commit(3, 14, 15);
        h.read(3, 16, 17);
    }
    SECTION("a read during a commit finds the old or the new offset") {
        h.commit(2, 6, 20);
        h.read(1, 7, 8);
        h.read(2, 9, 10);
        h.read(2, 11, 12);
    }
    SECTION("two commits at the same time, and either of them is the last") {
        h.commit(2, 6, 20);
        h.commit(3, 6, 20);
        h.read(3, 21, 22);
        h.read(3, 23, 24);
    }
    SECTION("a removal of unknown outcome comes into force late") {
        h.remove(6, 7, WriteOutcome::unknown);
        h.read(1, 8, 9);
        h.read_nothing(10, 11);
    }
    CHECK(h.broken().empty());
}

TEST_CASE("offset judge: an acknowledged commit is found by later reads", "[sim][offsets]") {
    Group h;
    h.commit(1, 0, 1);
    h.commit(2, 2, 3);
    SECTION("an older offset is read") {
        h.read(1, 4, 5);
        CHECK_THAT(h.broken(), Contains("1 was there at 1.000000 s"));
    }
    SECTION("nothing is read") {
        h.read_nothing(4, 5);
        CHECK_THAT(h.broken(), Contains("nothing was read"));
    }
    SECTION("nothing is read, although a commit has followed the removal") {
        h.remove(4, 5);
        h.commit(3, 6, 7);
        h.read_nothing(8, 9);
        CHECK_THAT(h.broken(), Contains("nothing was read") && Contains("3 was there"));
    }
    CHECK_THAT(h.broken(), Contains("the offset of group-0 for topic-0-0"));
}

TEST_CASE("offset judge: an offset that was replaced does not come back", "[sim][offsets]") {
    Group h;
    h.commit(1, 0, 1);
    SECTION("after another one was read, whose commit has an unknown outcome") {
        h.commit(2, 2, 3, WriteOutcome::unknown);
        h.read(2, 4, 5);
        h.read(1, 6, 7);
    }
    SECTION("while two commits are under way, and reads have found both") {
        h.commit(2, 2, 20);
        h.commit(3, 2, 20);
        h.read(2, 3, 4);
        h.read(3, 5, 6);
        h.read(2, 7, 8);
    }
    SECTION("after a removal") {
        h.remove(2, 3);
        h.read(1, 4, 5);
    }
    SECTION("after nothing was read, with a removal of unknown outcome") {
        h.remove(2, 3, WriteOutcome::unknown);
        h.read_nothing(4, 5);
        h.read(1, 6, 7);
    }
    CHECK_THAT(h.broken(), Contains("again or still"));
}

TEST_CASE("offset judge: a commit of unknown outcome may come into force, and need not",
          "[sim][offsets]") {
    Group h;
    h.commit(1, 0, 1);
    h.commit(2, 2, 3, WriteOutcome::unknown);
    h.read(1, 4, 5);
    SECTION("it does not") {
        h.read(1, 6, 7);
    }
    SECTION("it does, late") {
        h.read(2, 6, 7);
    }
    SECTION("it does, even after the next commit of the client") {
        h.commit(3, 6, 7);
        h.read(2, 8, 9);
    }
    CHECK(h.broken().empty());
}

TEST_CASE("offset judge: only what was sent, and not refused, is read", "[sim][offsets]") {
    Group h;
    h.commit(1, 0, 1);
    SECTION("never committed") {
        h.read(7, 2, 3);
        CHECK_THAT(h.broken(), Contains("never committed"));
    }
    SECTION("refused") {
        h.commit(2, 2, 3, WriteOutcome::refused);
        h.read(2, 4, 5);
        CHECK_THAT(h.broken(), Contains("its commit was refused"));
    }
    SECTION("before it was sent, also at a replaced leader") {
        h.read(2, 2, 3, Leadership::replaced);
        h.commit(2, 4, 5);
        CHECK_THAT(h.broken(), Contains("before it was committed"));
    }
}

TEST_CASE("offset judge: a leader that was replaced may answer with an old offset",
          "[sim][offsets]") {
    Group h;
    h.commit(1, 0, 1);
    h.commit(2, 2, 3);
    h.read(1, 4, 5, Leadership::replaced);
    h.read(1, 4, 5, Leadership::none);
    h.read(2, 6, 7);
    CHECK(h.broken().empty());
    h.read(2, 6, 7, Leadership::replaced);
    CHECK(h.judge.read_at_replaced() == 2);
    CHECK(h.judge.stale_reads() == 1);
    CHECK(h.judge.acknowledged() == 2);
}

}  // namespace
}  // namespace hw::sim
