#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/coordinator/runtime/coordinator_machine.h"
#include "broker/net/long_loop.h"
#include "protocol/base/ids.h"
#include "protocol/base/shard.h"
#include "protocol/record/batch.h"
#include "protocol/record/decompressor.h"
#include "protocol/record/record.h"

namespace hw::broker {

/// Applies the batches of a log to a machine, in order. Records of a transaction are applied when
/// its marker says that it is committed; those of an open or aborted one change nothing.
///
/// Lives on the shard of the load, and yields from time to time. The machine must outlive it.
class LogReplay {
public:
    LogReplay(Shard& shard, CoordinatorMachine& machine) : shard_(shard), machine_(machine) {}

    /// Applies whole batches. Errors: corrupt, unsupported.
    [[nodiscard]] Task<Result<void>> apply(ByteView batches);
    /// Records so far.
    [[nodiscard]] std::uint64_t records() const { return records_; }

private:
    struct Kept {
        std::string key;
        std::optional<std::string> value;
    };

    [[nodiscard]] Task<Result<void>> apply(record::BatchView batch);
    [[nodiscard]] Result<void> apply(const record::BatchView& batch,
                                     const record::RecordView& record);
    [[nodiscard]] Result<void> end_transaction(const record::BatchView& batch);

    Shard& shard_;
    CoordinatorMachine& machine_;
    std::map<ProducerId, std::vector<Kept>> open_;  ///< records of open transactions
    record::Decompressor decompressor_;
    LongLoop loop_;
    std::uint64_t records_ = 0;
};

}  // namespace hw::broker
