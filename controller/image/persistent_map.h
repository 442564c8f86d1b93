#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>
#include <variant>

namespace hw::controller {

/// An ordered map whose copies share their nodes: an AVL tree of immutable nodes. Copying is O(1).
/// A change makes O(log n) new nodes and does not affect the copies.
///
/// A value with one owner; copies on other threads may be read while this one changes. A pointer to
/// an entry is valid as long as any copy holds that entry.
template <class Key, class Value, class Less = std::less<>>
class PersistentMap {
    struct Node;

public:
    using Entry = std::pair<const Key, Value>;

    /// Iterates in the order of the keys; valid until its map is changed.
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using difference_type = std::ptrdiff_t;
        using value_type = Entry;
        using pointer = const Entry*;
        using reference = const Entry&;

        const Entry& operator*() const { return *path_[depth_ - 1]->entry; }
        const Entry* operator->() const { return path_[depth_ - 1]->entry.get(); }
        Iterator& operator++() {
            const Node* node = path_[--depth_]->right.get();
            descend(node);
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return depth_ == 0; }

    private:
        friend class PersistentMap;

        void descend(const Node* node) {
            for (; node != nullptr; node = node->left.get()) {
                path_[depth_++] = node;
            }
        }

        /// A stack of the nodes that are still to be visited and whose left subtree is done. The
        /// last one is visited next.
        std::array<const Node*, 48> path_{};  // an AVL tree of 2^32 entries is at most 47 high
        std::size_t depth_ = 0;
    };

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    [[nodiscard]] Iterator begin() const {
        Iterator iterator;
        iterator.descend(root_.get());
        return iterator;
    }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

    /// nullptr when there is none.
    template <class Sought>
    [[nodiscard]] const Value* find(const Sought& key) const {
        const Less less;
        const Node* node = root_.get();
        while (node != nullptr) {
            if (less(key, node->entry->first)) {
                node = node->left.get();
            } else if (less(node->entry->first, key)) {
                node = node->right.get();
            } else {
                return &node->entry->second;
            }
        }
        return nullptr;
    }
    template <class Sought>
    [[nodiscard]] bool contains(const Sought& key) const {
        return find(key) != nullptr;
    }

    /// The first entry whose key is not less than `key`.
    template <class Sought>
    [[nodiscard]] Iterator lower_bound(const Sought& key) const {
        const Less less;
        Iterator iterator;
        for (const Node* node = root_.get(); node != nullptr;) {
            if (less(node->entry->first, key)) {
                node = node->right.get();
            } else {
                iterator.path_[iterator.depth_++] = node;
                node = node->left.get();
            }
        }
        return iterator;
    }

    /// Adds the entry, or replaces the one with that key.
    void put(Key key, Value value) {
        bool fresh = true;
        root_ = with(root_, std::make_shared<const Entry>(std::move(key), std::move(value)), fresh);
        size_ += fresh ? 1 : 0;
    }

    /// Removes the entry with that key; false when there was none.
    template <class Sought>
    bool erase(const Sought& key) {
        if (!contains(key)) {
            return false;
        }
        root_ = without(root_, key);
        --size_;
        return true;
    }

private:
    using Link = std::shared_ptr<const Node>;
    using EntryLink = std::shared_ptr<const Entry>;

    struct Node {
        EntryLink entry;
        Link left;
        Link right;
        int height;
    };

    static int height(const Link& node) { return node == nullptr ? 0 : node->height; }

    static Link make(Link left, EntryLink entry, Link right) {
        const int taller = std::max(height(left), height(right));
        return std::make_shared<const Node>(
            Node{std::move(entry), std::move(left), std::move(right), taller + 1});
    }

    /// A balanced tree of `left`, `entry` and `right`, whose heights differ by at most two.
    static Link join(const Link& left, const EntryLink& entry, const Link& right) {
        if (height(left) > height(right) + 1) {
            if (height(left->left) >= height(left->right)) {
                return make(left->left, left->entry, make(left->right, entry, right));
            }
            const Link& middle = left->right;
            return make(make(left->left, left->entry, middle->left), middle->entry,
                        make(middle->right, entry, right));
        }
        if (height(right) > height(left) + 1) {
            if (height(right->right) >= height(right->left)) {
                return make(make(left, entry, right->left), right->entry, right->right);
            }
            const Link& middle = right->left;
            return make(make(left, entry, middle->left), middle->entry,
                        make(middle->right, right->entry, right->right));
        }
        return make(left, entry, right);
    }

    static Link with(const Link& node, const EntryLink& entry, bool& fresh) {
        if (node == nullptr) {
            return make(nullptr, entry, nullptr);
        }
        const Less less;
        if (less(entry->first, node->entry->first)) {
            return join(with(node->left, entry, fresh), node->entry, node->right);
        }
        if (less(node->entry->first, entry->first)) {
            return join(node->left, node->entry, with(node->right, entry, fresh));
        }
        fresh = false;
        return make(node->left, entry, node->right);
    }

    /// The tree without `key`, which must be in it.
    template <class Sought>
    static Link without(const Link& node, const Sought& key) {
        const Less less;
        if (less(key, node->entry->first)) {
            return join(without(node->left, key), node->entry, node->right);
        }
        if (less(node->entry->first, key)) {
            return join(node->left, node->entry, without(node->right, key));
        }
        if (node->left == nullptr) {
            return node->right;
        }
        if (node->right == nullptr) {
            return node->left;
        }
        const Node* next = node->right.get();
        while (next->left != nullptr) {
            next = next->left.get();
        }
        return join(node->left, next->entry, without_first(node->right));
    }

    static Link without_first(const Link& node) {
        return node->left == nullptr ? node->right
                                     : join(without_first(node->left), node->entry, node->right);
    }

    Link root_;
    std::size_t size_ = 0;
};

template <class Key, class Less = std::less<>>
using PersistentSet = PersistentMap<Key, std::monostate, Less>;

}  // namespace hw::controller
