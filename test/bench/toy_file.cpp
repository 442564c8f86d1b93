#include "test/bench/toy_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits.h>
#include <span>
#include <unistd.h>
#include <utility>

namespace hw::bench {
namespace {

/// Moves the front of `slices` past `bytes` that were written.
std::span<iovec> after(std::span<iovec> slices, std::size_t bytes) {
    while (!slices.empty() && bytes >= slices.front().iov_len) {
        bytes -= slices.front().iov_len;
        slices = slices.subspan(1);
    }
    if (bytes > 0) {
        iovec& part = slices.front();
        part.iov_base = static_cast<std::byte*>(part.iov_base) + bytes;
        part.iov_len -= bytes;
    }
    return slices;
}

}  // namespace

Result<std::unique_ptr<ToyFile>> ToyFile::create(const std::string& path) {
    perf::Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.is_open()) {
        return std::unexpected(system_error(errno, "create " + path));
    }
    return std::make_unique<ToyFile>(std::move(file), path);
}

ToyFile::~ToyFile() {
    ::unlink(path_.c_str());
}

Offset ToyFile::stage(ByteView batch, std::int32_t records) {
    staged_.push_back({.iov_base = const_cast<std::byte*>(batch.data()), .iov_len = batch.size()});
    return std::exchange(end_offset_, end_offset_ + records);
}

Result<void> ToyFile::write_staged() {
    std::span<iovec> left = staged_;
    while (!left.empty()) {
        const auto count = static_cast<int>(std::min<std::size_t>(left.size(), IOV_MAX));
        const ssize_t written =
            ::pwritev(file_.number(), left.data(), count, static_cast<off_t>(position_));
        if (written < 0) {
            return std::unexpected(system_error(errno, "write " + path_));
        }
        position_ += static_cast<std::size_t>(written);
        left = after(left, static_cast<std::size_t>(written));
    }
    staged_.clear();
    return {};
}

}  // namespace hw::bench
