#include "tools/perf/control_client.h"

#include <algorithm>

#include "protocol/schema/api/api_versions.h"

namespace hw::perf {
namespace {

/// Every broker since Kafka 2.4 answers it.
constexpr ApiVersion kApiVersionsVersion{3};

}  // namespace

Result<ControlClient> ControlClient::connect(const config::Address& address) {
    auto socket = connect_to(address);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    ControlClient client(std::move(*socket));
    if (auto learned = client.learn_versions(); !learned) {
        return std::unexpected(learned.error());
    }
    return client;
}

Result<void> ControlClient::learn_versions() {
    const schema::ApiVersionsRequest request{.client_software_name = kClientId,
                                             .client_software_version = "1"};
    const auto answer = call<schema::ApiVersionsResponse>(request, kApiVersionsVersion);
    if (!answer) {
        return std::unexpected(answer.error());
    }
    if (answer->error_code != wire::ErrorCode::none) {
        return fail(ErrorKind::unsupported, "the broker answers ApiVersions with {}",
                    answer->error_code);
    }
    for (const auto& api : answer->api_keys) {
        spoken_.push_back({api.api_key, {api.min_version, api.max_version}});
    }
    return {};
}

Result<ApiVersion> ControlClient::version_of(schema::ApiKey key, ApiVersion ceiling) const {
    const auto spoken = std::ranges::find(spoken_, key, &Spoken::key);
    const schema::ApiInfo& ours = *schema::find_api(key);
    if (spoken == spoken_.end()) {
        return fail(ErrorKind::unsupported, "the broker does not offer {}", ours.name);
    }
    const ApiVersion version = std::min(ceiling, spoken->versions.high);
    if (!spoken->versions.contains(version) || !ours.versions.contains(version)) {
        return fail(ErrorKind::unsupported, "the broker speaks {} in versions {} to {}, not in {}",
                    ours.name, spoken->versions.low, spoken->versions.high, ceiling);
    }
    return version;
}

}  // namespace hw::perf
