#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "storage/disk.h"

namespace hw::storage {

/// File implementation over a descriptor, closed when the last owner releases the file.
///
/// Any thread. The atomic caches what the file system can do, which the first cached read finds
/// out; several threads may read a file at the same time.
class PosixFile final : public File {
public:
    PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    ~PosixFile() override;
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    void write_at(std::uint64_t position, std::span<const ByteView> slices, Done done) override;
    Result<void> write_now(std::uint64_t position, ByteView bytes) override;
    Result<std::size_t> read_at(std::uint64_t position, MutableBytes into) override;
    Result<std::size_t> read_cached(std::uint64_t position, MutableBytes into) override;
    Result<std::uint64_t> size() override;
    Result<void> truncate(std::uint64_t size) override;
    Result<void> sync() override;
    [[nodiscard]] const std::string& path() const override { return path_; }

private:
    /// How a read that must not wait is made.
    enum class CachedReads : std::uint8_t {
        by_flag,     ///< preadv2 with RWF_NOWAIT
        by_pread,    ///< the files are in memory (tmpfs), but the flag is refused
        impossible,  ///< the flag is refused
    };

    /// For a file system that refuses the flag.
    [[nodiscard]] CachedReads without_flag() const;
    [[nodiscard]] Result<void> write(std::uint64_t position, std::span<const ByteView> slices);

    int descriptor_;
    std::string path_;
    std::atomic<CachedReads> cached_reads_ = CachedReads::by_flag;
};

}  // namespace hw::storage
