#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kQuorumKeys[] = {
    {"controller.listener.names", string, "CONTROLLER", any(), none, read_only, in_use,
     "Names of the listeners of controllers, the preferred one first."},
    {"controller.quorum.voters", list, "", any(), none, read_only, in_use,
     "The controllers as ID@HOST:PORT each, for a quorum that never changes."},
    {"controller.quorum.bootstrap.servers", list, "", any(), none, read_only, in_use,
     "Controllers to ask first, HOST:PORT each, for a quorum that may change."},
    {"controller.quorum.election.timeout.ms", int32, "500", at_least(0), milliseconds, read_only,
     in_use, "How long a node that knows no leader waits before it stands for election."},
    {"controller.quorum.fetch.timeout.ms", int32, "1000", at_least(0), milliseconds, read_only,
     in_use, "A voter that hears nothing from its leader for this long asks for an election."},
    {"controller.quorum.election.backoff.max.ms", int32, "1000", at_least(0), milliseconds,
     read_only, later, "Longest random pause between two elections."},
    {"controller.quorum.append.linger.ms", int32, "0", at_least(0), milliseconds, read_only, later,
     "How long records of the metadata log wait to be written together."},
    {"controller.quorum.request.timeout.ms", int32, "2000", at_least(0), milliseconds, read_only,
     later, "How long a quorum request waits for its answer."},
    {"controller.quorum.retry.backoff.ms", int32, "20", at_least(0), milliseconds, read_only, later,
     "Pause before a quorum request is sent again."},
    {"controller.quorum.auto.join.enable", boolean, "false", any(), none, read_only, later,
     "Whether a new controller adds itself to the voters."},
    {"controller.quorum.fetch.snapshot.max.bytes", int32, "1048576", at_least(1), bytes, read_only,
     later, "Bytes of a snapshot that one answer carries."},
    {"controller.quorum.fetch.max.bytes", int32, "1048576", at_least(1), bytes, read_only, later,
     "Bytes of the metadata log that one answer carries."},
    {"controller.socket.timeout.ms", int32, "30000", any(), milliseconds, read_only, later,
     "How long a broker waits for the controller's answer."},
    {"sasl.mechanism.controller.protocol", string, "GSSAPI", any(), none, read_only, security,
     "SASL mechanism between nodes and controllers."},
    {"metadata.log.max.record.bytes.between.snapshots", int64, "20971520", at_least(1), bytes,
     read_only, later, "Bytes of metadata records after which a snapshot is taken."},
    {"metadata.log.max.snapshot.interval.ms", int64, "3600000", at_least(0), milliseconds,
     read_only, later, "Time after which a snapshot is taken; 0 means never by time."},
    {"metadata.log.dir", string, kNull, any(), none, read_only, in_use,
     "Directory of the metadata log; null means the first of log.dirs."},
    {"metadata.log.segment.bytes", int32, "1073741824", at_least(8388608), bytes, read_only, later,
     "Size at which a segment of the metadata log is closed."},
    {"metadata.log.segment.ms", int64, "604800000", any(), milliseconds, read_only, later,
     "Age at which a segment of the metadata log is closed."},
    {"metadata.max.retention.bytes", int64, "104857600", any(), bytes, read_only, later,
     "Size of metadata log and snapshots beyond which old ones are deleted."},
    {"metadata.max.retention.ms", int64, "604800000", any(), milliseconds, read_only, later,
     "Age beyond which old metadata log and snapshots are deleted."},
    {"metadata.max.idle.interval.ms", int32, "500", at_least(0), milliseconds, read_only, later,
     "How often an idle leader of the quorum writes a no-op record; 0 means never."},
    {"internal.metadata.log.segment.bytes", int32, kNull, any(), bytes, read_only, later,
     "Segment size of the metadata log for tests."},
    {"internal.metadata.max.batch.size.in.bytes", int32, "8388608", any(), bytes, read_only, later,
     "Largest batch of the metadata log."},
    {"internal.metadata.delete.delay.millis", int64, "60000", any(), milliseconds, read_only, later,
     "How long a deleted file of the metadata log stays on disk."},
};

}  // namespace

std::span<const Key> quorum_keys() {
    return kQuorumKeys;
}

}  // namespace hw::config
