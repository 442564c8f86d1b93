#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kHighwaterKeys[] = {
    {"highwater.durability.default", string, "disk", one_of("disk,memory"), none, read_only, in_use,
     "When a record of a topic without highwater.durability counts as replicated: on disk, or in "
     "memory."},
    {"highwater.memory.limit", int64, kNull, at_least(67108864), bytes, read_only, in_use,
     "Memory for requests and answers (three quarters), for producer entries and for groups (an "
     "eighth each); null means a quarter of the machine's or container's."},
    {"highwater.produce.validation", string, "full", one_of("full,header"), none, read_only, in_use,
     "What is checked in a produced batch: full also checks every record, header does not."},
    {"highwater.disk.stall.ms", int64, "10000", at_least(1000), milliseconds, read_only, later,
     "A write or sync older than this counts as a failed disk."},
    {"replica.lag.max.messages", int64, "-1", at_least_or(1, -1), count, read_only, in_use,
     "Records that a follower may lag; -1 means that only time counts."},
};

}  // namespace

std::span<const Key> highwater_keys() {
    return kHighwaterKeys;
}

}  // namespace hw::config
