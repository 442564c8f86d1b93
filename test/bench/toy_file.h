#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/uio.h>
#include <utility>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "tools/perf/descriptor.h"

namespace hw::bench {

/// The log of one partition of the toy: a fresh file that batches are appended to as they came.
/// Removed at its end. Used by one thread.
class ToyFile {
public:
    /// Errors: exists, those of the operating system.
    [[nodiscard]] static Result<std::unique_ptr<ToyFile>> create(const std::string& path);
    ToyFile(perf::Descriptor file, std::string path)
        : file_(std::move(file)), path_(std::move(path)) {}
    ~ToyFile();
    ToyFile(const ToyFile&) = delete;
    ToyFile& operator=(const ToyFile&) = delete;

    /// Keeps a batch for the next `write_staged`, and gives its base offset.
    Offset stage(ByteView batch, std::int32_t records);
    /// Appends what is staged with one call. Errors: those of the operating system.
    [[nodiscard]] Result<void> write_staged();

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    perf::Descriptor file_;
    std::string path_;
    std::uint64_t position_ = 0;
    Offset end_offset_{0};
    std::vector<iovec> staged_;
};

}  // namespace hw::bench
