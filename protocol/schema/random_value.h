#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/base/bytes.h"
#include "protocol/base/random.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/array.h"
#include "protocol/wire/nullable.h"
#include "protocol/wire/writer.h"

namespace hw::schema {

/// Makes random values of the field types, for tests of the codecs. Values are allocated in the
/// arena, which must be large enough. Used for one message, then dropped.
class RandomValue {
public:
    RandomValue(Random& random, Arena& arena) : random_(&random), arena_(&arena) {}

    /// A random number; every bit length is about equally likely, so small and large ones occur.
    template <std::integral T>
    T number() {
        return static_cast<T>(random_->next() >> random_->below(64));
    }
    bool boolean() { return random_->chance(1, 2); }
    double float64() { return static_cast<double>(number<std::int32_t>()) / 64; }
    Uuid uuid() { return {random_->next(), random_->next()}; }

    std::string_view string(wire::Null null) {
        if (null == wire::Null::allowed && random_->chance(1, 4)) {
            return {};
        }
        return as_text(some_bytes(random_->chance(1, 50) ? 300 : 12));
    }
    ByteView bytes(wire::Null null) {
        if (null == wire::Null::allowed && random_->chance(1, 4)) {
            return {};
        }
        return some_bytes(random_->chance(1, 50) ? 300 : 12);
    }
    wire::Records records(wire::Null null) {
        return array<ByteView>(null, [this](ByteView& slice) { slice = some_bytes(40); });
    }

    template <class T, class One>
    wire::Array<T> array(wire::Null null, One one) {
        if (null == wire::Null::allowed && random_->chance(1, 4)) {
            return wire::Array<T>::null();
        }
        const std::size_t size = random_->chance(1, 40) ? 130 / ++depth_ : random_->below(4);
        T* items = arena_->allocate<T>(size);
        HW_ASSERT(items != nullptr);
        for (std::size_t i = 0; i < size; ++i) {
            one(*new (items + i) T{});
        }
        return wire::Array<T>(items, size);
    }
    template <class T, class One>
    const T* nullable(wire::Null null, One one) {
        if (null == wire::Null::allowed && random_->chance(1, 4)) {
            return nullptr;
        }
        T* item = arena_->allocate<T>(1);
        HW_ASSERT(item != nullptr);
        one(*new (item) T{});
        return item;
    }

private:
    /// Up to `at_most` lower-case letters; never null.
    ByteView some_bytes(std::size_t at_most) {
        const std::size_t size = random_->below(at_most + 1);
        if (size == 0) {
            return wire::kEmptyBytes;
        }
        std::byte* memory = arena_->allocate<std::byte>(size);
        HW_ASSERT(memory != nullptr);
        for (std::size_t i = 0; i < size; ++i) {
            memory[i] = static_cast<std::byte>('a' + random_->below(26));
        }
        return {memory, size};
    }

    Random* random_;
    Arena* arena_;
    std::size_t depth_ = 0;  ///< number of large arrays so far; later ones are smaller
};

}  // namespace hw::schema
