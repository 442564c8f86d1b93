#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kNetworkKeys[] = {
    {"listeners", string, kNull, any(), none, per_broker, in_use,
     "Addresses to listen on, NAME://HOST:PORT each; an empty host means every interface."},
    {"advertised.listeners", string, kNull, any(), none, read_only, in_use,
     "Addresses that clients and other nodes connect to; empty means those of listeners."},
    {"listener.security.protocol.map", string,
     "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL", any(), none,
     per_broker, in_use, "Security protocol of each listener, NAME:PROTOCOL each."},
    {"early.start.listeners", string, kNull, any(), none, read_only, later,
     "Listeners that accept before the broker's metadata is loaded."},
    {"socket.send.buffer.bytes", int32, "102400", any(), bytes, read_only, later,
     "Send buffer of a socket; -1 leaves it to the operating system."},
    {"socket.receive.buffer.bytes", int32, "102400", any(), bytes, read_only, later,
     "Receive buffer of a socket; -1 leaves it to the operating system."},
    {"socket.request.max.bytes", int32, "104857600", at_least(1), bytes, read_only, in_use,
     "Largest request that is read; a longer one closes its connection."},
    {"socket.listen.backlog.size", int32, "50", at_least(1), count, read_only, later,
     "Connections that may wait to be accepted."},
    {"max.connections.per.ip", int32, "2147483647", at_least(0), count, cluster_wide, later,
     "Connections that one address may have open."},
    {"max.connections.per.ip.overrides", string, "", any(), none, cluster_wide, later,
     "Different limits for single addresses, HOST:COUNT each."},
    {"max.connections", int32, "2147483647", at_least(0), count, cluster_wide, later,
     "Connections that this broker keeps open."},
    {"max.connection.creation.rate", int32, "2147483647", at_least(0), per_second, cluster_wide,
     later, "Connections accepted in a second."},
    {"connections.max.idle.ms", int64, "600000", any(), milliseconds, read_only, in_use,
     "A connection without traffic for this long is closed; negative means never."},
    {"connection.failed.authentication.delay.ms", int32, "100", at_least(0), milliseconds,
     read_only, security, "How long the answer to a failed authentication is delayed."},
    {"queued.max.requests", int32, "500", at_least(1), count, read_only, automatic,
     "Requests that may wait for a thread; Highwater bounds them by highwater.memory.limit."},
    {"queued.max.request.bytes", int64, "-1", any(), bytes, read_only, automatic,
     "Bytes of requests that may wait; Highwater bounds them by highwater.memory.limit."},
    {"num.network.threads", int32, "3", at_least(1), count, cluster_wide, automatic,
     "Threads that serve sockets; Highwater takes as many as the machine has cores, up to 4."},
    {"socket.connection.setup.timeout.ms", int64, "10000", any(), milliseconds, read_only, later,
     "How long the first attempt to connect to another node may take."},
    {"socket.connection.setup.timeout.max.ms", int64, "30000", any(), milliseconds, read_only,
     later, "Upper bound of the growing timeout of later attempts to connect."},
    {"max.incremental.fetch.session.cache.slots", int32, "1000", at_least(0), count, read_only,
     in_use, "Fetch sessions that this broker remembers."},
    {"fetch.max.bytes", int32, "57671680", at_least(1024), bytes, read_only, later,
     "Largest answer to one Fetch request."},
    {"max.request.partition.size.limit", int32, "2000", at_least(1), count, read_only, later,
     "Partitions that one listing request may ask for."},
};

}  // namespace

std::span<const Key> network_keys() {
    return kNetworkKeys;
}

}  // namespace hw::config
