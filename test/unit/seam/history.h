#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hw::broker {

/// A work of one execution, by its number in the order of entering.
using WorkNumber = std::size_t;

enum class What : std::uint8_t { enters, accepted, refused, begins, ends, destroyed };

struct Event {
    What what;
    std::size_t thread;
    WorkNumber work;
};

/// What happened in one execution, in order, and what of it a seam must not let happen. Keeps the
/// first breach of a rule as a sentence.
class History {
public:
    /// Works queued before `enter` may refuse one.
    explicit History(std::size_t max_works) : max_works_(max_works) {}

    [[nodiscard]] WorkNumber enters();
    void accepted(WorkNumber work);
    void refused(WorkNumber work);
    void begins(WorkNumber work);
    void ends(WorkNumber work);
    void destroyed();
    /// Keeps `breach`, if it is the first, unless `holds`.
    void require(bool holds, std::string_view breach);

    /// To be called when all threads have ended and the object is gone.
    void finish();
    [[nodiscard]] std::size_t count(What what) const;
    /// Empty when all rules were kept; else the first breach, and what happened.
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
    /// Is there a work that the same thread entered before, that is not refused and has not begun?
    [[nodiscard]] bool overtakes(WorkNumber work) const;

    std::size_t max_works_;
    std::vector<Work> works_;
    std::vector<Event> events_;
    std::string breach_;
};

}  // namespace hw::broker
