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

/// The offsets that the batches in a range of a file must have. No checksum covers the base offset
/// of a batch, so only its neighbours show that it is wrong.
struct ExpectedOffsets {
    static constexpr Offset kUnknown{INT64_MAX};

    Offset first;                  ///< of the first batch, which may follow a gap
    bool first_is_exact = true;    ///< false: `first` is only a lower bound
    Offset end_offset = kUnknown;  ///< exclusive; all offsets are below it
    Gaps gaps = Gaps::possible;
};

/// Why the offsets of a batch are wrong; none if they are possible. Its base offset must be at or
/// after `expected`, and its last offset below `end_offset`.
[[nodiscard]] std::optional<std::string> offset_problem(const record::BatchHeader& batch,
                                                        Offset expected, Offset end_offset);

/// Iterator over the batches in a range of a segment file. It reads through a memory window, and
/// returns either headers or whole batches, valid until the next call. It trusts nothing: the walk
/// stops with a problem at bytes that are not a batch, at a batch that exceeds the range, at an
/// early end of the file, and at unexpected offsets.
///
/// With expected offsets, the offsets of every batch must be at or after `first` and below
/// `end_offset`. After each batch `first` becomes its end, and is exact. A further rule compares
/// the batch with its neighbours, so that a wrong base offset shows as a gap or an overlap; *next*
/// is the base offset of the batch after it, if there is one that can be read:
///
/// | gaps | first_is_exact | further rule |
/// |---|---|---|
/// | none | true | base offset = first |
/// | none | false | next = end of this batch |
/// | possible | true | base offset = first, or next >= end of this batch |
/// | possible | false | next >= end of this batch |
///
/// If gaps are impossible, the last batch must end at `end_offset`, unless that is kUnknown.
class BatchWalker {
public:
    /// Small to read a few headers, large to read a whole file.
    static constexpr std::size_t kSmallWindow = std::size_t{8} * 1024;
    static constexpr std::size_t kLargeWindow = std::size_t{256} * 1024;

    /// Walks the range [position, end) of `file`, which must outlive the walker.
    BatchWalker(File& file, std::uint64_t position, std::uint64_t end, std::size_t window,
                ReadMode mode = ReadMode::blocking)
        : file_(&file),
          mode_(mode),
          position_(position),
          next_(position),
          end_(end),
          window_(window) {}
    /// Turns the check of offsets on.
    void expect(const ExpectedOffsets& expected) { expected_ = expected; }

    /// The next batch; none at the end of the range or at a problem. Errors: io, would_block.
    [[nodiscard]] Result<std::optional<record::BatchHeader>> next_header();
    [[nodiscard]] Result<std::optional<record::BatchView>> next_batch();

    /// Where the most recently returned batch starts, and where it ends.
    [[nodiscard]] std::uint64_t position() const { return position_; }
    [[nodiscard]] std::uint64_t next_position() const { return next_; }
    /// Why the walk stopped before the end of the range.
    [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

private:
    struct Step {
        Offset base_offset;
        Offset end_offset;
        std::uint64_t next;  ///< position after the batch
    };

    /// The bytes of [position, position + size), which is inside the range. Errors: io, corrupt
    /// (the file is shorter).
    [[nodiscard]] Result<ByteView> bytes(std::uint64_t position, std::size_t size);
    /// The header at that position; none, with a problem set, if it is invalid.
    [[nodiscard]] Result<std::optional<record::BatchHeader>> header_at(std::uint64_t position);
    [[nodiscard]] std::nullopt_t stop(Error problem);
    /// Whether the offsets of the batch are as expected; sets a problem if not. Errors: io.
    [[nodiscard]] Result<bool> check_offsets(const record::BatchHeader& header);
    [[nodiscard]] Result<std::optional<std::string>> neighbour_objection(const Step& step);
    [[nodiscard]] std::optional<Error> end_objection() const;

    File* file_;
    ReadMode mode_;
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
