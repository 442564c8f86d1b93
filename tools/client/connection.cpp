#include "tools/client/connection.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/header.h"

namespace hw::client {
namespace {

constexpr std::string_view kClientName = "hw";
/// The first version that carries the name of the client, to which Highwater lists APIs of its own.
constexpr ApiVersion kNamedApiVersions{3};
/// Every broker since Kafka 0.10 answers this version.
constexpr ApiVersion kFirstApiVersions{0};

/// A broker answers a version that it does not know in version 0. The error code is at the same
/// place in all versions, after the correlation id.
bool is_unknown_version(ByteView answer) {
    constexpr std::size_t kCode = sizeof(std::int32_t);
    return answer.size() >= kCode + sizeof(std::int16_t) &&
           static_cast<wire::ErrorCode>(load_big_endian<std::int16_t>(answer.data() + kCode)) ==
               wire::ErrorCode::unsupported_version;
}

}  // namespace

Result<BrokerConnection> BrokerConnection::open(const config::Address& address,
                                                const Deadline& deadline, int stop_descriptor) {
    auto socket = Socket::connect(address, deadline, stop_descriptor);
    if (!socket) {
        return fail(socket.error().kind, "{}: {}", config::to_string(address),
                    socket.error().message);
    }
    BrokerConnection connection(address, std::move(*socket));
    const auto negotiated = connection.negotiate(deadline);
    if (!negotiated && negotiated.error().kind == ErrorKind::corrupt) {
        return fail(ErrorKind::corrupt, "{}; this is not a Kafka listener, or it uses TLS",
                    negotiated.error().message);
    }
    if (!negotiated) {
        return std::unexpected(negotiated.error());
    }
    return connection;
}

Result<void> BrokerConnection::negotiate(const Deadline& deadline) {
    auto asked = ask_versions(kNamedApiVersions, deadline);
    if (!asked && asked.error().kind == ErrorKind::unsupported) {
        asked = ask_versions(kFirstApiVersions, deadline);
    }
    return asked;
}

Result<void> BrokerConnection::ask_versions(ApiVersion version, const Deadline& deadline) {
    served_[schema::ApiKey::api_versions] = {version, version};
    const schema::ApiVersionsRequest request{.client_software_name = kClientName,
                                             .client_software_version = HW_VERSION};
    HW_TRY_VOID(send(request, deadline));
    HW_TRY(frame, receive_frame(deadline));
    if (is_unknown_version(frame.view())) {
        return fail(ErrorKind::unsupported, "{}: the broker does not serve ApiVersions {}",
                    config::to_string(address_), version);
    }
    HW_TRY(answer, decode_answer<schema::ApiVersionsResponse>(std::move(frame), version));
    for (const auto& api : answer->api_keys) {
        served_[api.api_key] = {api.min_version, api.max_version};
    }
    return {};
}

Result<ApiVersion> BrokerConnection::newest_version(schema::ApiKey key, ApiVersion ceiling) const {
    const schema::ApiInfo& api = *schema::find_api(key);
    const auto found = served_.find(key);
    if (found == served_.end()) {
        return fail(ErrorKind::unsupported, "{}: the broker does not serve {}",
                    config::to_string(address_), api.name);
    }
    const schema::VersionRange served = found->second;
    const ApiVersion known = std::min(api.stable_high, ceiling);
    const ApiVersion newest = std::min(known, served.high);
    if (newest < std::max(api.versions.low, served.low)) {
        return fail(ErrorKind::unsupported,
                    "{}: the broker serves {} in versions {} to {}, this client in {} to {}",
                    config::to_string(address_), api.name, served.low, served.high,
                    api.versions.low, known);
    }
    return newest;
}

Error BrokerConnection::with_address(const Error& error) const {
    return {error.kind, fmt::format("{}: {}", config::to_string(address_), error.message)};
}

Result<void> BrokerConnection::send_frame(schema::ApiKey key, ApiVersion version,
                                          const wire::Encoded& body, const Deadline& deadline) {
    correlation_id_ = CorrelationId(correlation_id_.value() + 1);
    const schema::RequestHeader header{.request_api_key = key,
                                       .request_api_version = version,
                                       .correlation_id = correlation_id_,
                                       .client_id = kClientName};
    HW_TRY(head,
           wire::encode_message(header, schema::find_api(key)->request_header_version(version)));
    std::array<std::byte, sizeof(std::int32_t)> length{};
    store_big_endian(length.data(), static_cast<std::int32_t>(head.size + body.size));
    std::vector<iovec> slices{slice_of(length)};
    std::ranges::transform(head.slices, std::back_inserter(slices), slice_of);
    std::ranges::transform(body.slices, std::back_inserter(slices), slice_of);
    if (const auto sent = socket_.send(slices, deadline); !sent) {
        return std::unexpected(with_address(sent.error()));
    }
    return {};
}

Result<Buffer> BrokerConnection::receive_frame(const Deadline& deadline) {
    auto frame = socket_.receive_frame(kMaxResponseBytes, deadline);
    if (!frame) {
        return std::unexpected(with_address(frame.error()));
    }
    return frame;
}

Result<void> BrokerConnection::read_header(wire::Reader& in, schema::ApiKey key,
                                           ApiVersion version) const {
    schema::ResponseHeader header;
    decode(in, schema::find_api(key)->response_header_version(version), header);
    if (!in.failed() && header.correlation_id != correlation_id_) {
        return fail(ErrorKind::corrupt, "answered request {} instead of {}", header.correlation_id,
                    correlation_id_);
    }
    return {};
}

}  // namespace hw::client
