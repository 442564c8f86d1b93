#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kTransactionsKeys[] = {
    {"transaction.state.log.min.isr", int32, "2", at_least(1), count, read_only, later,
     "In-sync replicas that a write to the transaction state needs."},
    {"transaction.state.log.load.buffer.size", int32, "5242880", at_least(1), bytes, read_only,
     automatic, "Bytes read at once when transaction state is loaded; Highwater chooses it."},
    {"transaction.state.log.replication.factor", int16, kNull, at_least(1), count, read_only, later,
     "Replicas of the topic that keeps transaction state."},
    {"transaction.state.log.num.partitions", int32, "50", at_least(1), count, read_only, later,
     "Partitions of the topic that keeps transaction state."},
    {"transaction.state.log.segment.bytes", int32, "104857600", at_least(1), bytes, read_only,
     later, "Segment size of the topic that keeps transaction state."},
    {"transaction.partition.verification.enable", boolean, "true", any(), none, cluster_wide, later,
     "Whether a transactional write is checked against its transaction before it is appended."},
    {"producer.id.expiration.ms", int32, "86400000", at_least(1), milliseconds, cluster_wide,
     in_use,
     "How long an idle producer's sequence numbers are remembered; 15 minutes while memory for "
     "producers, an eighth of highwater.memory.limit, is short."},
    {"producer.id.expiration.check.interval.ms", int32, "600000", at_least(1), milliseconds,
     read_only, in_use, "How often idle producers are looked for."},
    {"transactional.id.expiration.ms", int32, "604800000", at_least(1), milliseconds, read_only,
     later, "How long an unused transactional id is remembered."},
    {"transaction.max.timeout.ms", int32, "900000", at_least(1), milliseconds, read_only, later,
     "Longest timeout that a transaction may ask for."},
    {"transaction.abort.timed.out.transaction.cleanup.interval.ms", int32, "10000", at_least(1),
     milliseconds, read_only, later, "How often transactions past their timeout are looked for."},
    {"transaction.remove.expired.transaction.cleanup.interval.ms", int32, "3600000", at_least(1),
     milliseconds, read_only, later, "How often expired transactional ids are looked for."},
    {"transaction.two.phase.commit.enable", boolean, "false", any(), none, read_only, later,
     "Whether a transaction may be prepared by an outside coordinator."},
    {"add.partitions.to.txn.retry.backoff.max.ms", int32, "100", at_least(0), milliseconds,
     read_only, later, "How long the broker retries adding a partition to a transaction."},
    {"add.partitions.to.txn.retry.backoff.ms", int32, "20", at_least(1), milliseconds, read_only,
     later, "Pause before the broker retries adding a partition to a transaction."},
};

}  // namespace

std::span<const Key> transactions_keys() {
    return kTransactionsKeys;
}

}  // namespace hw::config
