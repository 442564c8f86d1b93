#pragma once

#include <string>
#include <utility>

#include "storage/disk.h"

namespace hw::storage {

/// File implementation over a descriptor, closed when the last owner releases the file.
class PosixFile final : public File {
public:
    PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    ~PosixFile() override;
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    void write_at(std::uint64_t position, std::span<const ByteView> slices, Done done) override;
    Result<void> write_now(std::uint64_t position, ByteView bytes) override;
    Result<std::size_t> read_at(std::uint64_t position, MutableBytes into) override;
    Result<std::uint64_t> size() override;
    Result<void> truncate(std::uint64_t size) override;
    Result<void> sync() override;

private:
    [[nodiscard]] Result<void> write(std::uint64_t position, std::span<const ByteView> slices);

    int descriptor_;
    std::string path_;
};

}  // namespace hw::storage
