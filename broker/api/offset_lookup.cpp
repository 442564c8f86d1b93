#include "broker/api/offset_lookup.h"

#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace hw::broker {

using replication::ListedOffset;
using replication::OffsetSearch;
using replication::PartitionReplica;

Task<OffsetLookup::Found> OffsetLookup::run(const Question& question) {
    while (!begin(question)) {
        co_await wait_for_room(services_.shard, services_.clock);
    }
    co_await visit_.wait();
    if (!plan_) {
        co_return std::unexpected(plan_.error());
    }
    if (const auto* listed = std::get_if<ListedOffset>(&*plan_)) {
        co_return *listed;
    }
    co_await search(question);
    co_return found_;
}

bool OffsetLookup::begin(const Question& question) {
    return visit_.begin(*question.replica, [this, &question](PartitionReplica& replica) {
        const auto reader = replica.reader(question.leader_epoch);
        plan_ = reader ? reader->plan_lookup(question.offset) : std::unexpected(reader.error());
    });
}

Task<> OffsetLookup::search(const Question& question) {
    using InFiles = std::optional<record::TimestampedOffset>;
    // The search is shared, because this request may end first.
    const auto searched = std::make_shared<OffsetSearch>(std::move(std::get<OffsetSearch>(*plan_)));
    const auto run = [searched] { return searched->search.run(); };
    const auto in_files = co_await question.replica->read_blocking<InFiles>(services_.shard, run);
    const auto finish = [&](PartitionReplica& replica) {
        const auto reader = replica.reader(question.leader_epoch);
        if (!reader) {
            found_ = std::unexpected(reader.error());
        } else {
            found_ = in_files ? reader->listed(*searched, *in_files)
                              : std::unexpected(reader->report_failed_read(in_files.error()));
        }
    };
    while (!visit_.begin(*question.replica, finish)) {
        co_await wait_for_room(services_.shard, services_.clock);
    }
    co_await visit_.wait();
}

}  // namespace hw::broker
