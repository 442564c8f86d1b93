#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/record/batch.h"
#include "protocol/record/control_record.h"

namespace hw::storage {

/// The smallest possible id, at which a walk over producers begins.
inline constexpr ProducerId kMinProducerId{INT64_MIN};

/// A batch of a producer, remembered so that a retry of it is recognised.
struct ProducerBatch {
    Offset last_offset = kNoOffset;
    Timestamp timestamp = kNoTimestamp;
    Sequence last_sequence = record::kNoSequence;
    std::int32_t offset_delta = 0;  ///< from its first record to its last

    [[nodiscard]] Offset first_offset() const { return last_offset - offset_delta; }
    bool operator==(const ProducerBatch&) const = default;
};

/// Producer state of a log for one producer id.
struct ProducerEntry {
    /// Remembered batches: as many as a client may have in flight (max.in.flight <= 5).
    static constexpr std::size_t kBatches = 5;

    std::array<ProducerBatch, kBatches> batches;  ///< of this epoch, oldest first
    Offset transaction_start = kNoOffset;         ///< first offset of the open transaction, if any
    Timestamp last_timestamp = kNoTimestamp;      ///< of its last batch or marker
    /// When the last batch arrived from a client, by this broker's clock; -1 if that is not known,
    /// as after a restart or in a follower: then it counts from the next pass of expiry on.
    Timestamp last_used = kNoTimestamp;
    record::CoordinatorEpoch coordinator_epoch{-1};
    ProducerEpoch epoch = record::kNoProducerEpoch;
    std::uint8_t batch_count = 0;

    /// The last batch of this epoch; a default one if there is none.
    [[nodiscard]] ProducerBatch last_batch() const {
        return batch_count == 0 ? ProducerBatch{} : batches[batch_count - 1];
    }
    bool operator==(const ProducerEntry&) const = default;
};

/// An entry with its key, as stored in a page.
struct ProducerSlot {
    ProducerId id;
    ProducerEntry entry;

    bool operator==(const ProducerSlot&) const = default;
};
static_assert(sizeof(ProducerSlot) == 160);

/// One node of the ProducerPages tree: a leaf with slots, or a branch with leaves, ordered by id.
template <class Item>
struct ProducerPage {
    std::uint64_t version = 0;
    std::vector<Item> items;
};

/// A child page and the lower bound of its ids.
template <class Page>
struct ProducerPageRef {
    ProducerId first;
    std::shared_ptr<Page> page;
};

using ProducerLeaf = ProducerPage<ProducerSlot>;
using ProducerBranch = ProducerPage<ProducerPageRef<ProducerLeaf>>;

/// Snapshot of all entries of a table at one moment. Immutable; may be read and destroyed on any
/// thread while the table changes.
class ProducerView {
public:
    using Root = std::vector<ProducerPageRef<ProducerBranch>>;

    ProducerView() = default;
    ProducerView(Root root, std::size_t size) : root_(std::move(root)), size_(size) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    /// Calls `visit(const ProducerSlot&)` for each entry in the order of ids.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& branch : root_) {
            for (const auto& leaf : branch.page->items) {
                for (const ProducerSlot& slot : leaf.page->items) {
                    visit(slot);
                }
            }
        }
    }

private:
    Root root_;
    std::size_t size_ = 0;
};

/// The entries of a producer table, ordered by id: a copy-on-write tree of three levels (root,
/// branches of at most 128 leaves, leaves of at most 32 slots of 160 bytes).
///
/// `share` copies the root only, one pointer for each 2,000 to 4,000 entries, and begins a new
/// version. A page of an older version is never written again: its first change copies it. So
/// taking a snapshot costs microseconds for any number of entries, and later appends copy the pages
/// that they change.
///
/// An entry takes 163 bytes if ids rise (each leaf is full), 235 if they come in random order, and
/// 320 at most. A copy of the object is deep. Entered by one thread at a time; views may be used on
/// any thread.
class ProducerPages {
public:
    static constexpr std::size_t kLeafSlots = 32;
    static constexpr std::size_t kBranchLeaves = 128;

    /// Total number of items copied because a view shares them.
    struct Copied {
        std::size_t slots = 0;       ///< of 160 bytes
        std::size_t references = 0;  ///< pointers to pages, including those copied by `share`
    };

    ProducerPages() = default;
    ProducerPages(ProducerPages&&) noexcept = default;
    ProducerPages& operator=(ProducerPages&&) noexcept = default;
    ProducerPages(const ProducerPages& other);
    ProducerPages& operator=(const ProducerPages& other);
    ~ProducerPages() = default;

    /// Null for an unknown id; valid until the next change.
    [[nodiscard]] const ProducerEntry* find(ProducerId id) const;
    /// The entry of `id`, created if missing; valid until the next change.
    [[nodiscard]] ProducerEntry& entry(ProducerId id);
    [[nodiscard]] std::size_t size() const { return size_; }
    /// The entries at the time of the call.
    [[nodiscard]] ProducerView share();

    /// Checks the leaf that `from` belongs to, and removes the entries last used at or before
    /// `idle_since`, unless they have an open transaction. An unknown last use becomes `now`, and
    /// so does one after `now`, which a clock that was set back can cause. Returns the lower bound
    /// of the next leaf; none after the last one.
    [[nodiscard]] std::optional<ProducerId> expire_page(ProducerId from, Timestamp idle_since,
                                                        Timestamp now);

    [[nodiscard]] const Copied& copied() const { return copied_; }
    /// A copy of all entries.
    [[nodiscard]] std::vector<ProducerSlot> entries() const;
    bool operator==(const ProducerPages& other) const { return entries() == other.entries(); }

private:
    /// The page for a change: copied first if a view shares it.
    template <class Page>
    [[nodiscard]] Page& own(std::shared_ptr<Page>& page);
    template <class Page>
    void split(std::vector<ProducerPageRef<Page>>& pages, std::size_t index, ProducerId id,
               bool is_last);
    [[nodiscard]] bool is_after_all(std::size_t branch, std::size_t leaf, ProducerId id) const;
    void make_room(std::size_t branch, std::size_t leaf, ProducerId id);
    void join_leaves(std::size_t branch, std::size_t leaf);

    ProducerView::Root root_;
    std::uint64_t version_ = 0;
    std::size_t size_ = 0;
    Copied copied_;
};

}  // namespace hw::storage
