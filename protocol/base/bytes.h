#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "protocol/base/assert.h"

namespace hw {

/// A read-only view of bytes that somebody else owns.
using ByteView = std::span<const std::byte>;
/// A writable view of bytes that somebody else owns.
using MutableBytes = std::span<std::byte>;

template <std::integral T>
[[nodiscard]] T load_big_endian(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little) {
        value = std::byteswap(value);
    }
    return value;
}

template <std::integral T>
void store_big_endian(std::byte* to, T value) {
    if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little) {
        value = std::byteswap(value);
    }
    std::memcpy(to, &value, sizeof value);
}

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A byte array with one owner and a fixed capacity. Its contents start uninitialised, because they
/// are about to be received or encoded. `size()` is the number of bytes in use; it starts at the
/// capacity.
class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t capacity)
        : data_(new std::byte[capacity]), size_(capacity), capacity_(capacity) {}

    Buffer(Buffer&& other) noexcept
        : data_(std::move(other.data_)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    [[nodiscard]] std::byte* data() { return data_.get(); }
    [[nodiscard]] const std::byte* data() const { return data_.get(); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    [[nodiscard]] ByteView view() const { return {data_.get(), size_}; }
    [[nodiscard]] MutableBytes bytes() { return {data_.get(), size_}; }

    /// `size` is at most the capacity.
    void resize(std::size_t size) {
        HW_ASSERT(size <= capacity_);
        size_ = size;
    }

private:
    std::unique_ptr<std::byte[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace hw
