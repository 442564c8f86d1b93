#include "test/chaos/kafka_handle.h"

#include <array>

namespace hw::chaos {
namespace {

/// librdkafka's defaults are for clusters whose nodes fail once a month: it would wait a minute for
/// a stopped broker, and up to ten seconds before it connects again.
const Settings& common_settings() {
    static const Settings kSettings{
        {"socket.timeout.ms", "2000"},
        {"socket.connection.setup.timeout.ms", "1000"},
        {"reconnect.backoff.ms", "50"},
        {"reconnect.backoff.max.ms", "500"},
        {"topic.metadata.refresh.interval.ms", "1000"},
        {"topic.metadata.refresh.fast.interval.ms", "50"},
        {"log_level", "0"},
    };
    return kSettings;
}

}  // namespace

Result<Handle> make_handle(rd_kafka_type_t type, const Target& target, const Settings& settings,
                           const Callbacks& callbacks) {
    Settings all = common_settings();
    all.emplace_back("bootstrap.servers", target.servers);
    all.insert(all.end(), settings.begin(), settings.end());
    rd_kafka_conf_t* const config = rd_kafka_conf_new();
    std::array<char, 512> error{};
    for (const auto& [key, value] : all) {
        if (rd_kafka_conf_set(config, key.c_str(), value.c_str(), error.data(), error.size()) !=
            RD_KAFKA_CONF_OK) {
            rd_kafka_conf_destroy(config);
            return fail(ErrorKind::invalid, "librdkafka refuses {}={}: {}", key, value,
                        error.data());
        }
    }
    rd_kafka_conf_set_opaque(config, callbacks.owner);
    rd_kafka_conf_set_dr_msg_cb(config, callbacks.on_delivery);
    rd_kafka_conf_set_stats_cb(config, callbacks.on_statistics);
    Handle handle(rd_kafka_new(type, config, error.data(), error.size()));
    if (handle == nullptr) {
        rd_kafka_conf_destroy(config);
        return fail(ErrorKind::invalid, "librdkafka refuses its settings: {}", error.data());
    }
    return handle;
}

Result<Topic> make_topic(rd_kafka_t* handle, const std::string& name) {
    Topic topic(rd_kafka_topic_new(handle, name.c_str(), nullptr));
    if (topic == nullptr) {
        return fail(ErrorKind::invalid, "librdkafka refuses topic '{}': {}", name,
                    rd_kafka_err2str(rd_kafka_last_error()));
    }
    return topic;
}

}  // namespace hw::chaos
