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
#include "tools/client/socket.h"

namespace hw::bench {

/// The log of one partition of the toy: a new file, to which batches are appended. Reads use a
/// memory mapping. The destructor removes the file. Used by one thread.
class ToyFile {
public:
    /// Errors: exists, those of the operating system.
    [[nodiscard]] static Result<std::unique_ptr<ToyFile>> create(const std::string& path);
    ToyFile(client::Descriptor file, std::string path, const std::byte* mapping)
        : file_(std::move(file)), path_(std::move(path)), mapping_(mapping) {}
    ~ToyFile();
    ToyFile(const ToyFile&) = delete;
    ToyFile& operator=(const ToyFile&) = delete;

    /// Sets the base offset of a batch and returns it. The bytes must stay valid until
    /// `write_staged`.
    Offset stage(MutableBytes batch, std::int32_t records);
    /// Appends all staged batches with one call. Errors: those of the operating system, limit (the
    /// file is full).
    [[nodiscard]] Result<void> write_staged();

    /// The end of the written batches.
    [[nodiscard]] Offset end_offset() const { return written_end_offset_; }
    /// Batches from the one that contains `offset` on: as many as fit into `max_bytes`, but at
    /// least one. Empty at the end of the log.
    [[nodiscard]] ByteView read(Offset offset, std::size_t max_bytes) const;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    struct Batch {
        Offset base_offset;
        std::uint64_t position;
    };

    client::Descriptor file_;
    std::string path_;
    const std::byte* mapping_;
    std::uint64_t position_ = 0;
    std::uint64_t staged_position_ = 0;
    Offset end_offset_{0};
    Offset written_end_offset_{0};
    std::vector<iovec> staged_;
    std::vector<Batch> batches_;  ///< in order
};

}  // namespace hw::bench
