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

/// The start of a walk over producers: no id is smaller.
inline constexpr ProducerId kLeastProducerId{INT64_MIN};

/// A batch as a retry of its producer would repeat it.
struct ProducerBatch {
    Offset last_offset = kNoOffset;
    Timestamp timestamp = kNoTimestamp;
    Sequence last_sequence = record::kNoSequence;
    std::int32_t offset_delta = 0;  ///< from its first record to its last

    [[nodiscard]] Offset first_offset() const { return last_offset - offset_delta; }
    bool operator==(const ProducerBatch&) const = default;
};

/// What the log knows of one producer.
struct ProducerEntry {
    /// Batches that are remembered: what a client may have in flight (max.in.flight <= 5).
    static constexpr std::size_t kBatches = 5;

    std::array<ProducerBatch, kBatches> batches;  ///< of this epoch, oldest first
    Offset transaction_start = kNoOffset;         ///< first offset of the open transaction, if any
    Timestamp last_timestamp = kNoTimestamp;      ///< of its last batch or marker
    /// By this broker's clock when it took the last batch from a client; where that is not known,
    /// as after a restart, the same as last_timestamp.
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

/// An entry with its key, as it lies in a page.
struct ProducerSlot {
    ProducerId id;
    ProducerEntry entry;

    bool operator==(const ProducerSlot&) const = default;
};
static_assert(sizeof(ProducerSlot) == 160);

/// One node of the tree below: a leaf with slots, or a branch with leaves, in the order of ids.
template <class Item>
struct ProducerPage {
    std::uint64_t version = 0;
    std::vector<Item> items;
};

/// A child page and the id from which on it is the one to look in.
template <class Page>
struct ProducerPageRef {
    ProducerId first;
    std::shared_ptr<Page> page;
};

using ProducerLeaf = ProducerPage<ProducerSlot>;
using ProducerBranch = ProducerPage<ProducerPageRef<ProducerLeaf>>;

/// All entries of a table at one moment. Immutable, may be read and dropped on any thread while the
/// table goes on.
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

/// The entries of a producer table, in the order of ids: a tree of three levels (root, branches of
/// at most 128 leaves, leaves of at most 32 slots of 160 bytes) that can be shared without being
/// copied.
///
/// `share` copies the root only, one pointer for each 2,000 to 4,000 entries, and numbers a new
/// version. From then on a page of an older version is never written again: the first change in it
/// copies that page. So taking a snapshot costs microseconds, whatever the number of entries, and
/// the copies are spread over the appends that come after it.
///
/// An entry takes 163 bytes where ids rise (each leaf is full), 235 where they come in random
/// order, and 320 at most. A copy of the object is deep. Entered by one thread at a time; views may
/// be anywhere.
class ProducerPages {
public:
    static constexpr std::size_t kLeafSlots = 32;
    static constexpr std::size_t kBranchLeaves = 128;

    /// How much was copied in all, because it was shared with a view.
    struct Copied {
        std::size_t slots = 0;       ///< of 160 bytes
        std::size_t references = 0;  ///< pointers to pages, those of `share` included
    };

    ProducerPages() = default;
    ProducerPages(ProducerPages&&) noexcept = default;
    ProducerPages& operator=(ProducerPages&&) noexcept = default;
    ProducerPages(const ProducerPages& other);
    ProducerPages& operator=(const ProducerPages& other);
    ~ProducerPages() = default;

    /// Null for an unknown id; valid until the next change.
    [[nodiscard]] const ProducerEntry* find(ProducerId id) const;
    /// The entry of `id`, made if missing; valid until the next change.
    [[nodiscard]] ProducerEntry& entry(ProducerId id);
    [[nodiscard]] std::size_t size() const { return size_; }
    /// The entries as they are now.
    [[nodiscard]] ProducerView share();

    /// Removes, from the page in which `from` belongs, the entries without an open transaction that
    /// were last used at or before `idle_since`. A last use after `now`, which a clock that was set
    /// back or a producer's timestamp may leave, becomes `now`. Returns the id at which the next
    /// page begins; none after the last one.
    [[nodiscard]] std::optional<ProducerId> expire_page(ProducerId from, Timestamp idle_since,
                                                        Timestamp now);

    [[nodiscard]] const Copied& copied() const { return copied_; }
    /// All of them, copied.
    [[nodiscard]] std::vector<ProducerSlot> entries() const;
    bool operator==(const ProducerPages& other) const { return entries() == other.entries(); }

private:
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
