#include "storage/producer_pages.h"

#include <algorithm>
#include <iterator>

namespace hw::storage {
namespace {

ProducerId key_of(const ProducerSlot& slot) {
    return slot.id;
}

template <class Page>
ProducerId key_of(const ProducerPageRef<Page>& reference) {
    return reference.first;
}

void count_copy(ProducerPages::Copied& copied, const ProducerLeaf& leaf) {
    copied.slots += leaf.items.size();
}

void count_copy(ProducerPages::Copied& copied, const ProducerBranch& branch) {
    copied.references += branch.items.size();
}

/// Index of the page that `id` belongs to: the last one that begins at or before it, else the
/// first.
template <class Page>
std::size_t index_of(const std::vector<ProducerPageRef<Page>>& pages, ProducerId id) {
    const auto after =
        std::ranges::upper_bound(pages, id, {}, [](const auto& each) { return each.first; });
    return after == pages.begin() ? 0 : static_cast<std::size_t>(after - pages.begin()) - 1;
}

/// Doubles the capacity of a full page, up to `limit`, so that a log with one producer needs only
/// one slot.
template <class Item>
void reserve_one_more(std::vector<Item>& items, std::size_t limit) {
    if (items.size() == items.capacity()) {
        items.reserve(std::clamp<std::size_t>(2 * items.size(), 1, std::max(limit, items.size())));
    }
}

auto slot_position(auto& slots, ProducerId id) {
    return std::ranges::lower_bound(slots, id, {}, &ProducerSlot::id);
}

}  // namespace

ProducerPages::ProducerPages(const ProducerPages& other) {
    ProducerView(other.root_, other.size_).for_each([this](const ProducerSlot& slot) {
        entry(slot.id) = slot.entry;
    });
}

ProducerPages& ProducerPages::operator=(const ProducerPages& other) {
    if (this != &other) {
        *this = ProducerPages(other);
    }
    return *this;
}

template <class Page>
Page& ProducerPages::own(std::shared_ptr<Page>& page) {
    if (page->version != version_) {
        count_copy(copied_, *page);
        page = std::make_shared<Page>(*page);
        page->version = version_;
    }
    return *page;
}

const ProducerEntry* ProducerPages::find(ProducerId id) const {
    if (root_.empty()) {
        return nullptr;
    }
    const ProducerBranch& branch = *root_[index_of(root_, id)].page;
    const ProducerLeaf& leaf = *branch.items[index_of(branch.items, id)].page;
    const auto at = slot_position(leaf.items, id);
    return at == leaf.items.end() || at->id != id ? nullptr : &at->entry;
}

ProducerEntry& ProducerPages::entry(ProducerId id) {
    while (true) {
        if (root_.empty()) {
            root_.push_back({id, std::make_shared<ProducerBranch>(version_)});
        }
        const std::size_t branch_at = index_of(root_, id);
        ProducerBranch& branch = own(root_[branch_at].page);
        if (branch.items.empty()) {
            branch.items.push_back({id, std::make_shared<ProducerLeaf>(version_)});
        }
        const std::size_t leaf_at = index_of(branch.items, id);
        ProducerLeaf& leaf = own(branch.items[leaf_at].page);
        auto at = slot_position(leaf.items, id);
        if (at != leaf.items.end() && at->id == id) {
            return at->entry;
        }
        if (leaf.items.size() < kLeafSlots) {
            const auto position = at - leaf.items.begin();
            reserve_one_more(leaf.items, kLeafSlots);
            ++size_;
            return leaf.items.insert(leaf.items.begin() + position, {id, {}})->entry;
        }
        make_room(branch_at, leaf_at, id);
    }
}

bool ProducerPages::is_after_all(std::size_t branch, std::size_t leaf, ProducerId id) const {
    const auto& leaves = root_[branch].page->items;
    return branch + 1 == root_.size() && leaf + 1 == leaves.size() &&
           leaves[leaf].page->items.back().id < id;
}

/// Splits a full leaf, or its branch if that is full too; the caller then searches again.
void ProducerPages::make_room(std::size_t branch, std::size_t leaf, ProducerId id) {
    const bool is_last = is_after_all(branch, leaf, id);
    ProducerBranch& owned = own(root_[branch].page);
    if (owned.items.size() == kBranchLeaves) {
        split(root_, branch, id, is_last);
        return;
    }
    reserve_one_more(owned.items, kBranchLeaves);
    split(owned.items, leaf, id, is_last);
}

/// Moves the upper half of a page into a new page after it. If `id` comes after all others the new
/// page starts empty, so that rising ids fill their pages.
template <class Page>
void ProducerPages::split(std::vector<ProducerPageRef<Page>>& pages, std::size_t index,
                          ProducerId id, bool is_last) {
    auto& items = own(pages[index].page).items;
    const auto middle =
        is_last ? items.end() : items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
    auto next = std::make_shared<Page>(version_);
    next->items.assign(std::make_move_iterator(middle), std::make_move_iterator(items.end()));
    items.erase(middle, items.end());
    const ProducerId first = is_last ? id : key_of(next->items.front());
    pages.insert(pages.begin() + static_cast<std::ptrdiff_t>(index) + 1, {first, std::move(next)});
}

ProducerView ProducerPages::share() {
    ++version_;
    copied_.references += root_.size();
    return {root_, size_};
}

std::optional<ProducerId> ProducerPages::expire_page(ProducerId from, Timestamp idle_since,
                                                     Timestamp now) {
    if (root_.empty()) {
        return std::nullopt;
    }
    const std::size_t branch_at = index_of(root_, from);
    const auto& leaves = root_[branch_at].page->items;
    const std::size_t leaf_at = index_of(leaves, from);
    std::optional<ProducerId> next;
    if (leaf_at + 1 < leaves.size()) {
        next = leaves[leaf_at + 1].first;
    } else if (branch_at + 1 < root_.size()) {
        next = root_[branch_at + 1].first;
    }
    const auto is_idle = [idle_since](const ProducerSlot& slot) {
        return slot.entry.transaction_start == kNoOffset && slot.entry.last_used <= idle_since;
    };
    const auto needs_time = [now](const ProducerSlot& slot) {
        return slot.entry.last_used > now || slot.entry.last_used == kNoTimestamp;
    };
    const auto concerns = [&](const ProducerSlot& slot) {
        return is_idle(slot) || needs_time(slot);
    };
    if (std::ranges::none_of(leaves[leaf_at].page->items, concerns)) {
        return next;
    }
    auto& slots = own(own(root_[branch_at].page).items[leaf_at].page).items;
    for (ProducerSlot& slot : slots) {
        if (needs_time(slot)) {
            slot.entry.last_used = now;
        }
    }
    size_ -= std::erase_if(slots, is_idle);
    join_leaves(branch_at, leaf_at);
    return next;
}

/// Called after entries were removed from a leaf: frees memory by joining the leaf with the next
/// one where both fit in one. No view may share the branch (see `own`).
void ProducerPages::join_leaves(std::size_t branch, std::size_t leaf) {
    auto& leaves = root_[branch].page->items;
    auto& slots = leaves[leaf].page->items;
    const auto at = leaves.begin() + static_cast<std::ptrdiff_t>(leaf);
    if (slots.empty()) {
        leaves.erase(at);
        if (leaves.empty()) {
            root_.erase(root_.begin() + static_cast<std::ptrdiff_t>(branch));
        }
        return;
    }
    if (leaf + 1 < leaves.size() &&
        slots.size() + leaves[leaf + 1].page->items.size() <= kLeafSlots) {
        const auto& joined = leaves[leaf + 1].page->items;
        slots.reserve(slots.size() + joined.size());
        slots.insert(slots.end(), joined.begin(), joined.end());
        leaves.erase(at + 1);
    } else if (2 * slots.size() <= slots.capacity()) {
        slots.shrink_to_fit();
    }
}

std::vector<ProducerSlot> ProducerPages::entries() const {
    std::vector<ProducerSlot> all;
    all.reserve(size_);
    ProducerView(root_, size_).for_each([&all](const ProducerSlot& slot) { all.push_back(slot); });
    return all;
}

}  // namespace hw::storage
