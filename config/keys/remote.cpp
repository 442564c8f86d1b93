#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kRemoteKeys[] = {
    {"remote.log.storage.system.enable", boolean, "false", any(), none, read_only, later,
     "Whether closed segments may be moved to remote storage."},
    {"remote.log.storage.manager.impl.prefix", string, "rsm.config.", any(), none, read_only, later,
     "Prefix of the settings for the remote storage plug-in."},
    {"remote.log.metadata.manager.impl.prefix", string, "rlmm.config.", any(), none, read_only,
     later, "Prefix of the settings for the remote metadata plug-in."},
    {"remote.log.storage.manager.class.name", string, kNull, any(), none, read_only, later,
     "Plug-in that keeps remote segments."},
    {"remote.log.storage.manager.class.path", string, kNull, any(), none, read_only, later,
     "Where the remote storage plug-in is found."},
    {"remote.log.metadata.manager.class.name", string,
     "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
     any(), none, read_only, later, "Plug-in that remembers remote segments."},
    {"remote.log.metadata.manager.class.path", string, kNull, any(), none, read_only, later,
     "Where the remote metadata plug-in is found."},
    {"remote.log.metadata.manager.listener.name", string, kNull, any(), none, read_only, later,
     "Listener that the remote metadata plug-in connects to."},
    {"remote.log.metadata.custom.metadata.max.bytes", int32, "128", at_least(0), bytes, read_only,
     later, "Bytes of custom metadata that the remote storage plug-in may keep for a segment."},
    {"remote.log.index.file.cache.total.size.bytes", int64, "1073741824", at_least(1), bytes,
     cluster_wide, later, "Disk space for indexes of remote segments."},
    {"remote.log.index.file.cache.ttl.ms", int64, "900000", at_least(-1), milliseconds, read_only,
     later, "How long an unused index of a remote segment is kept."},
    {"remote.log.manager.thread.pool.size", int32, "2", at_least(1), count, read_only, automatic,
     "Deprecated name of remote.log.manager.follower.thread.pool.size; Highwater uses the disk's "
     "threads."},
    {"remote.log.manager.copier.thread.pool.size", int32, "10", at_least(1), count, cluster_wide,
     automatic, "Threads that copy segments away; Highwater uses the disk's threads."},
    {"remote.log.manager.expiration.thread.pool.size", int32, "10", at_least(1), count,
     cluster_wide, automatic,
     "Threads that delete remote segments; Highwater uses the disk's threads."},
    {"remote.log.manager.follower.thread.pool.size", int32, "2", at_least(1), count, cluster_wide,
     automatic, "Threads for remote followers; Highwater uses the disk's threads."},
    {"remote.log.manager.task.interval.ms", int64, "30000", at_least(1), milliseconds, read_only,
     later, "How often segments to copy or to delete are looked for."},
    {"remote.log.manager.task.retry.backoff.ms", int64, "500", at_least(1), milliseconds, read_only,
     later, "First pause before a failed remote task runs again."},
    {"remote.log.manager.task.retry.backoff.max.ms", int64, "30000", at_least(1), milliseconds,
     read_only, later, "Longest pause before a failed remote task runs again."},
    {"remote.log.manager.task.retry.jitter", float64, "0.2", real(0, 0.5), ratio, read_only, later,
     "Random share added to the pause before a remote task runs again."},
    {"remote.log.reader.threads", int32, "10", at_least(1), count, cluster_wide, automatic,
     "Threads that read remote segments; Highwater uses the disk's threads."},
    {"remote.log.reader.max.pending.tasks", int32, "100", at_least(1), count, read_only, later,
     "Remote reads that may wait."},
    {"log.local.retention.ms", int64, "-2", at_least(-2), milliseconds, cluster_wide, later,
     "How long a copied segment stays on the local disk; -2 means the value of log.retention.ms."},
    {"log.local.retention.bytes", int64, "-2", at_least(-2), bytes, cluster_wide, later,
     "Bytes of a partition that stay on the local disk; -2 means the value of "
     "log.retention.bytes."},
    {"log.remote.copy.lag.ms", int64, "0", at_least(-1), milliseconds, cluster_wide, later,
     "How long a closed segment waits before it is copied."},
    {"log.remote.copy.lag.bytes", int64, "-1", at_least(-1), bytes, cluster_wide, later,
     "Bytes of closed segments that wait before they are copied."},
    {"remote.log.manager.copy.max.bytes.per.second", int64, "9223372036854775807", at_least(1),
     bytes_per_second, cluster_wide, later, "Bytes a second that are copied to remote storage."},
    {"remote.log.manager.copy.quota.window.num", int32, "11", at_least(1), count, read_only, later,
     "Samples that copying is measured over."},
    {"remote.log.manager.copy.quota.window.size.seconds", int32, "1", at_least(1), seconds,
     read_only, later, "Length of a sample of copying."},
    {"remote.log.manager.fetch.max.bytes.per.second", int64, "9223372036854775807", at_least(1),
     bytes_per_second, cluster_wide, later, "Bytes a second that are read from remote storage."},
    {"remote.log.manager.fetch.quota.window.num", int32, "11", at_least(1), count, read_only, later,
     "Samples that remote reads are measured over."},
    {"remote.log.manager.fetch.quota.window.size.seconds", int32, "1", at_least(1), seconds,
     read_only, later, "Length of a sample of remote reads."},
    {"remote.fetch.max.wait.ms", int32, "500", at_least(1), milliseconds, cluster_wide, later,
     "How long a Fetch waits for remote storage."},
    {"remote.list.offsets.request.timeout.ms", int64, "30000", at_least(1), milliseconds,
     cluster_wide, later, "How long a search by time waits for remote storage."},
};

}  // namespace

std::span<const Key> remote_keys() {
    return kRemoteKeys;
}

}  // namespace hw::config
