#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "storage/segment.h"

namespace hw::storage {

/// The segments of a log, in the order of their base offsets. The last one is active, the others
/// are sealed and never change. It is empty only during a truncation.
///
/// A value, owned by its log and entered with it. A copy is a snapshot that another thread may read
/// while the log goes on: it shares the sealed segments, whose list is replaced by a roll or a
/// truncation, and has its own copy of the active one.
class SegmentList {
public:
    /// Index-based, so that it walks over the sealed segments and the active one.
    class Iterator {
    public:
        Iterator(const SegmentList& list, std::size_t index) : list_(&list), index_(index) {}
        const Segment& operator*() const { return (*list_)[index_]; }
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const SegmentList* list_;
        std::size_t index_;
    };

    /// Takes over opened segments. All but the last are sealed.
    explicit SegmentList(std::vector<Segment> segments);

    [[nodiscard]] bool empty() const { return !active_; }
    [[nodiscard]] std::size_t size() const { return sealed_->size() + (active_ ? 1 : 0); }
    [[nodiscard]] const Segment& operator[](std::size_t index) const {
        return index < sealed_->size() ? *(*sealed_)[index] : *active_;
    }
    [[nodiscard]] const Segment& front() const { return (*this)[0]; }
    [[nodiscard]] const Segment& back() const { return *active_; }
    [[nodiscard]] Iterator begin() const { return {*this, 0}; }
    [[nodiscard]] Iterator end() const { return {*this, size()}; }
    /// Index of the last segment whose base offset is at or below `offset`; else 0.
    [[nodiscard]] std::size_t index_of(Offset offset) const;

    [[nodiscard]] Segment& active() { return *active_; }
    /// Seals the active segment; `next` becomes the active one.
    void roll(Segment next);
    /// Removes that segment and all after it, so that there is no active one.
    void remove_from(std::size_t index);
    void set_active(Segment active) { active_ = std::move(active); }

private:
    using Sealed = std::vector<std::shared_ptr<const Segment>>;

    std::shared_ptr<const Sealed> sealed_;
    std::optional<Segment> active_;
};

}  // namespace hw::storage
