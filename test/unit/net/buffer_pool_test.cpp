#include "broker/net/buffer_pool.h"

#include <cstddef>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

TEST_CASE("buffer pool: a buffer that one request gave back is reused by the next",
          "[net][memory]") {
    BufferPool pool;
    Buffer first = pool.take(100);
    CHECK(first.size() == 100);
    CHECK(first.capacity() == BufferPool::kCapacity);
    const std::byte* memory = first.data();
    pool.give(std::move(first));
    CHECK(pool.kept() == 1);
    const Buffer second = pool.take(BufferPool::kCapacity);
    CHECK(second.data() == memory);
    CHECK(second.size() == BufferPool::kCapacity);
    CHECK(pool.kept() == 0);
}

TEST_CASE("buffer pool: it keeps only buffers of its own size, and a bounded number of them",
          "[net][memory]") {
    BufferPool pool;
    Buffer large = pool.take(BufferPool::kCapacity + 1);
    CHECK(large.size() == BufferPool::kCapacity + 1);
    pool.give(std::move(large));
    pool.give(Buffer(10));
    CHECK(pool.kept() == 0);
    std::vector<Buffer> buffers;
    for (std::size_t i = 0; i < BufferPool::kMaxKept + 1; ++i) {
        buffers.push_back(pool.take(1));
    }
    for (Buffer& buffer : buffers) {
        pool.give(std::move(buffer));
    }
    CHECK(pool.kept() == BufferPool::kMaxKept);
}

}  // namespace
}  // namespace hw::broker
