#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hw::broker {

/// The number of a piece of work in one execution, in the order of entering.
using WorkNumber = std::size_t;

enum class What : std::uint8_t { enters, accepted, refused, begins, ends, destroyed };

struct Event {
    What what;
    std::size_t thread;
    WorkNumber work;
};

/// Records the events of one execution in order, and checks them against the rules that Guarded
/// must keep. Keeps the first breach of a rule as a sentence.
class History {
public:
    /// `max_queued`: how much work may be queued before `enter` may refuse more.
    explicit History(std::size_t max_queued) : max_queued_(max_queued) {}

    [[nodiscard]] WorkNumber enters();
    void accepted(WorkNumber work);
    void refused(WorkNumber work);
    void begins(WorkNumber work);
    void ends(WorkNumber work);
    void destroyed();
    /// If `holds` is false, keeps `breach`, unless an earlier one is kept.
    void require(bool holds, std::string_view breach);

    /// Call it when all threads have ended and the object is destroyed.
    void finish();
    [[nodiscard]] std::size_t count(What what) const;
    /// Empty if all rules were kept; otherwise the first breach and all events.
    [[nodiscard]] std::string breach() const;

private:
    struct Work {
        std::size_t thread;
        bool accepted = false;
        bool refused = false;
        std::size_t begun = 0;
        std::size_t ended = 0;
    };

    void add(What what, WorkNumber work);
    /// True if the same thread has entered earlier work that is not refused and has not begun.
    [[nodiscard]] bool overtakes(WorkNumber work) const;

    std::size_t max_queued_;
    std::vector<Work> entered_;
    std::vector<Event> events_;
    std::string breach_;
};

}  // namespace hw::broker
