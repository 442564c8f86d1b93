#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "storage/disk.h"
#include "storage/segment.h"

namespace hw::storage {

/// The offsets that the batches of a stretch must have. No checksum covers a batch's base offset:
/// only the batches beside it show that it is wrong.
struct ExpectedOffsets {
    static constexpr Offset kUnknown{INT64_MAX};

    Offset first;                  ///< the first batch starts here, or later
    bool first_is_exact = true;    ///< false: where the first batch starts is not known
    Offset end_offset = kUnknown;  ///< exclusive; no batch reaches it
    Gaps gaps = Gaps::possible;
};

/// Why a batch cannot stand where `expected` is due and offsets end before `end_offset`; none if
/// it can. A gap is not an objection here.
[[nodiscard]] std::optional<std::string> offset_objection(const record::BatchHeader& batch,
                                                          Offset expected, Offset end_offset);

/// Walks the batches in a stretch of a segment file through a window of memory, either by headers
/// alone or by whole batches. Trusts nothing: bytes that are no batch, a batch that does not fit in
/// the stretch, a file that is shorter, and offsets that are not as expected end the walk with a
/// problem. What it gives is valid until the next call.
///
/// Expected offsets rise from batch to batch. Where gaps are possible, a batch behind a gap, and a
/// first one whose offset is not known, must be followed by a batch with higher offsets: a wrong
/// base offset shows as an overlap. Where there are no gaps, each offset is the one expected, and
/// the last batch ends at the end offset.
class BatchWalker {
public:
    /// For a look at a few headers, and for reading all of a file.
    static constexpr std::size_t kSmallWindow = std::size_t{8} * 1024;
    static constexpr std::size_t kLargeWindow = std::size_t{256} * 1024;

    /// Walks [position, end) of `file`, which outlives the walk.
    BatchWalker(File& file, std::uint64_t position, std::uint64_t end, std::size_t window)
        : file_(&file), position_(position), next_(position), end_(end), window_(window) {}
    /// From now on offsets are checked.
    void expect(const ExpectedOffsets& expected) { expected_ = expected; }

    /// None at the end or at a problem. Errors: io.
    [[nodiscard]] Result<std::optional<record::BatchHeader>> next_header();
    [[nodiscard]] Result<std::optional<record::BatchView>> next_batch();

    /// Where the batch given last starts, and where it ends.
    [[nodiscard]] std::uint64_t position() const { return position_; }
    [[nodiscard]] std::uint64_t next_position() const { return next_; }
    /// Why the walk stopped before the end of the stretch.
    [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

private:
    struct Step {
        Offset base_offset;
        Offset end_offset;
        std::uint64_t next;  ///< position of what follows
    };

    /// The bytes of [position, position + size), which lies inside the stretch. Errors: io, corrupt
    /// (the file is shorter).
    [[nodiscard]] Result<ByteView> bytes(std::uint64_t position, std::size_t size);
    /// The header at that position, or nothing and a problem.
    [[nodiscard]] Result<std::optional<record::BatchHeader>> header_at(std::uint64_t position);
    [[nodiscard]] std::nullopt_t stop(Error problem);
    /// Whether the batch is where it is expected; if not, with a problem. Errors: io.
    [[nodiscard]] Result<bool> check_offsets(const record::BatchHeader& header);
    [[nodiscard]] Result<std::optional<std::string>> neighbour_objection(const Step& step);
    [[nodiscard]] std::optional<Error> end_objection() const;

    File* file_;
    std::uint64_t position_;
    std::uint64_t next_;
    std::uint64_t end_;
    std::size_t window_;
    Buffer buffer_;
    std::uint64_t buffer_position_ = 0;
    std::optional<Error> problem_;
    std::optional<ExpectedOffsets> expected_;
};

}  // namespace hw::storage
