#include "test/bench/toy_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits.h>
#include <span>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace hw::bench {
namespace {

/// Address space to reserve; it takes no memory. Only written bytes may be read.
constexpr std::size_t kMappingSize = std::size_t{64} << 30;

}  // namespace

Result<std::unique_ptr<ToyFile>> ToyFile::create(const std::string& path) {
    client::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.is_open()) {
        return std::unexpected(system_error(errno, "create " + path));
    }
    void* const mapping =
        ::mmap(nullptr, kMappingSize, PROT_READ, MAP_SHARED | MAP_NORESERVE, file.number(), 0);
    if (mapping == MAP_FAILED) {
        const int number = errno;
        ::unlink(path.c_str());
        return std::unexpected(system_error(number, "map " + path));
    }
    return std::make_unique<ToyFile>(std::move(file), path, static_cast<std::byte*>(mapping));
}

ToyFile::~ToyFile() {
    ::munmap(const_cast<std::byte*>(mapping_), kMappingSize);
    ::unlink(path_.c_str());
}

Offset ToyFile::stage(MutableBytes batch, std::int32_t records) {
    // The base offset is the first field of a batch, and its CRC does not cover it.
    store_big_endian(batch.data(), end_offset_.value());
    staged_.push_back(client::slice_of(batch));
    batches_.push_back({.base_offset = end_offset_, .position = staged_position_});
    staged_position_ += batch.size();
    return std::exchange(end_offset_, end_offset_ + records);
}

Result<void> ToyFile::write_staged() {
    if (staged_position_ > kMappingSize) {
        return fail(ErrorKind::limit, "{} is full: the limit is {} bytes", path_, kMappingSize);
    }
    std::span<iovec> left = staged_;
    while (!left.empty()) {
        const auto count = static_cast<int>(std::min<std::size_t>(left.size(), IOV_MAX));
        const ssize_t written =
            ::pwritev(file_.number(), left.data(), count, static_cast<off_t>(position_));
        if (written < 0) {
            return std::unexpected(system_error(errno, "write " + path_));
        }
        position_ += static_cast<std::size_t>(written);
        left = client::slices_after(left, static_cast<std::size_t>(written));
    }
    staged_.clear();
    written_end_offset_ = end_offset_;
    return {};
}

ByteView ToyFile::read(Offset offset, std::size_t max_bytes) const {
    if (offset >= written_end_offset_) {
        return {};
    }
    const auto first = std::ranges::upper_bound(batches_, offset, {}, &Batch::base_offset) - 1;
    const std::uint64_t start = first->position;
    if (position_ - start <= max_bytes) {
        return {mapping_ + start, position_ - start};
    }
    const auto next = std::ranges::upper_bound(first + 1, batches_.end(), start + max_bytes, {},
                                               &Batch::position);
    // The last batch that begins within the limit may end beyond it, so it is left out.
    const auto end = std::max(next - 1, first + 1);
    return {mapping_ + start, (end == batches_.end() ? position_ : end->position) - start};
}

}  // namespace hw::bench
