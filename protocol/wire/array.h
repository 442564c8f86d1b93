#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>

namespace hw::wire {

/// An array field of a message, as a pointer and a count. It does not own its elements: they are in
/// the request's arena, or in memory of the sender. Null and empty differ, as on the wire.
template <class T>
class Array {
public:
    constexpr Array() = default;
    constexpr Array(const T* data, std::size_t size) : data_(data), size_(size) {}
    /// Refers to the elements of a contiguous range: a vector, an array or a span.
    template <class Range>
        requires requires(const Range& range) {
            { std::data(range) } -> std::same_as<const T*>;
            std::size(range);
        }
    // NOLINTNEXTLINE(google-explicit-constructor): see above
    constexpr Array(const Range& range) : Array(std::data(range), std::size(range)) {}

    [[nodiscard]] static constexpr Array null() {
        Array array;
        array.null_ = true;
        return array;
    }

    [[nodiscard]] constexpr bool is_null() const { return null_; }
    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
    [[nodiscard]] constexpr const T* begin() const { return data_; }
    [[nodiscard]] constexpr const T* end() const { return data_ + size_; }
    [[nodiscard]] constexpr const T& operator[](std::size_t index) const { return data_[index]; }

private:
    const T* data_ = nullptr;
    std::size_t size_ = 0;
    bool null_ = false;
};

}  // namespace hw::wire
