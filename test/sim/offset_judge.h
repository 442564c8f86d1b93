#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::sim {

/// Index of a register: what one group has committed for one partition.
using RegisterNumber = Id<struct RegisterNumberTag, std::uint32_t>;

enum class WriteOutcome : std::uint8_t { acknowledged, refused, unknown };

/// A commit, or a removal. Each commit of a register has an offset of its own.
struct OffsetWrite {
    Offset offset = kNoOffset;  ///< kNoOffset: removes what was committed
    TimePoint sent;
    TimePoint done;  ///< when it was acknowledged
    WriteOutcome outcome = WriteOutcome::acknowledged;
};

/// How the broker that gets a request leads the partition when the request is sent. Only a
/// simulator can know that another broker leads in a newer epoch.
enum class Leadership : std::uint8_t { newest, replaced, none };

struct OffsetRead {
    Offset offset = kNoOffset;  ///< kNoOffset: nothing was committed
    TimePoint sent;
    TimePoint done;
    Leadership leadership = Leadership::newest;

    /// Else the answer may be old, because the protocol has no leases.
    [[nodiscard]] bool is_current() const { return leadership == Leadership::newest; }
};

/// Judges what clients commit and read: each register is linearizable. Its operations have an order
/// in which each read finds what the write before it wrote, and in which an operation comes after
/// all that ended before it was sent. So an acknowledged commit is found until a later one.
///
/// Reads at a leader that was replaced, or was not known to lead, must find something that was
/// written, but not the newest. A write of unknown outcome may come into force at any time later,
/// or never.
///
/// Clients report in any order. A register takes O(n log n) for n operations.
class OffsetJudge {
public:
    /// The names of the registers, for reports.
    explicit OffsetJudge(std::vector<std::string> names);

    void on_write(RegisterNumber number, const OffsetWrite& write);
    void on_read(RegisterNumber number, const OffsetRead& read);

    /// The first broken rule, as a sentence; nullopt if none is broken.
    [[nodiscard]] std::optional<std::string> judge() const;

    [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
    [[nodiscard]] std::uint64_t read() const { return read_; }
    /// Reads at leaders that had been replaced.
    [[nodiscard]] std::uint64_t read_at_replaced() const { return read_at_replaced_; }
    /// Those among these whose answers were old.
    [[nodiscard]] std::uint64_t stale_reads() const;

private:
    struct Register {
        std::string name;
        std::vector<OffsetWrite> writes;
        std::vector<OffsetRead> reads;
    };

    std::vector<Register> registers_;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t read_ = 0;
    std::uint64_t read_at_replaced_ = 0;
};

}  // namespace hw::sim
