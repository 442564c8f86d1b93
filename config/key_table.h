#pragma once

#include <string_view>
#include <vector>

#include "config/keys/key.h"

/// The table of all configuration keys, assembled from keys/. Constant, so free to share.
namespace hw::config {

/// The kind of thing that a key is set on.
enum class Scope : std::uint8_t { broker, topic, group, client_metrics, quota };

/// All keys of `scope`, in the order of the table.
[[nodiscard]] std::vector<const Key*> keys_of(Scope scope);

/// Null when `scope` has no such key.
[[nodiscard]] const Key* find_key(Scope scope, std::string_view name);

/// The key of `scope` that is nearest to `name`, or null when none is near (most_similar_name.h).
[[nodiscard]] const Key* nearest_key(Scope scope, std::string_view name);

/// Whether `name` begins with a prefix such as `listener.name.`, after which the rest of the name
/// belongs to a plug-in or to one listener.
[[nodiscard]] bool has_accepted_prefix(std::string_view name);

/// The broker key KEY, if `name` has the form listener.name.LISTENER.KEY or
/// listener.name.LISTENER.MECHANISM.KEY; null for other names.
[[nodiscard]] const Key* key_of_listener(std::string_view name);

/// Where keys of `scope` are set, for messages: "on a topic", "on a group".
[[nodiscard]] std::string_view where_set(Scope scope);

}  // namespace hw::config
