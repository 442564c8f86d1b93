#pragma once

#include <array>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "config/address.h"
#include "protocol/base/assert.h"
#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/metadata.h"
#include "test/support/wire_client.h"

namespace hw::client {

/// A request that a ScriptedBroker has received.
struct ScriptedRequest {
    schema::RequestHeader header;
    ByteView body;

    /// The decoded request; valid as long as `arena` and this object.
    template <class Request>
    [[nodiscard]] Request decoded(Arena& arena) const {
        wire::Reader reader(body, arena);
        Request request;
        decode(reader, header.request_api_version, request);
        HW_ASSERT(reader.finish().has_value());
        return request;
    }
    /// The frame of the answer to this request.
    template <class Response>
    [[nodiscard]] std::string answer(const Response& response) const {
        const ApiVersion version = header.request_api_version;
        const ApiVersion head = schema::find_api(Response::kKey)->response_header_version(version);
        const schema::ResponseHeader response_header{.correlation_id = header.correlation_id};
        std::string frame(sizeof(std::int32_t), '\0');
        test::append(frame, *wire::encode_message(response_header, head));
        test::append(frame, *wire::encode_message(response, version));
        store_big_endian(reinterpret_cast<std::byte*>(frame.data()),
                         static_cast<std::int32_t>(frame.size() - sizeof(std::int32_t)));
        return frame;
    }
};

inline const TopicId kTopicId{Uuid{4, 2}};

/// Metadata answer of a cluster with one broker, at `address`, and one topic, "t".
inline std::string metadata_answer(
    const ScriptedRequest& request, const config::Address& address, wire::ErrorCode error,
    std::span<const schema::MetadataResponse::Partition> partitions) {
    const std::array brokers{schema::MetadataResponse::Broker{
        .node_id = BrokerId(1), .host = address.host, .port = address.port}};
    const std::array topics{schema::MetadataResponse::Topic{
        .error_code = error, .name = "t", .topic_id = kTopicId, .partitions = partitions}};
    schema::MetadataResponse response;
    response.brokers = brokers;
    response.topics = topics;
    return request.answer(response);
}

/// What a ScriptedBroker says in ApiVersions.
struct ScriptedApis {
    bool lists_own_apis = true;  ///< those of Highwater only
    ApiVersion newest_api_versions = schema::ApiVersionsRequest::kVersions.high;
};

/// A broker on a free loopback port; the test's script makes its answers. It answers ApiVersions
/// itself, with the APIs of the table. One thread serves all connections, one request at a time.
class ScriptedBroker {
public:
    /// Returns the frame of the answer; the address is the broker's own. Called on the broker's
    /// thread, which ends in the broker's destructor.
    using Script = std::function<std::string(const ScriptedRequest&, const config::Address&)>;

    explicit ScriptedBroker(Script script, ScriptedApis what_apis = {})
        : script_(std::move(script)),
          what_apis_(what_apis),
          listening_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* address = reinterpret_cast<sockaddr*>(&any);
        socklen_t size = sizeof any;
        REQUIRE(bind(listening_, address, size) == 0);
        REQUIRE(listen(listening_, 8) == 0);
        REQUIRE(getsockname(listening_, address, &size) == 0);
        address_ = {"127.0.0.1", ntohs(any.sin_port)};
        thread_ = std::thread([this] { serve(); });
    }
    ScriptedBroker(const ScriptedBroker&) = delete;
    ScriptedBroker& operator=(const ScriptedBroker&) = delete;
    ~ScriptedBroker() {
        shutdown(listening_, SHUT_RDWR);
        thread_.join();
        close(listening_);
    }

    [[nodiscard]] const config::Address& address() const { return address_; }

private:
    void serve() {
        std::vector<pollfd> ends{{listening_, POLLIN, 0}};
        while (poll(ends.data(), ends.size(), -1) > 0) {
            if (ends[0].revents != 0) {
                const int accepted = accept(listening_, nullptr, nullptr);
                if (accepted < 0) {
                    break;  // the destructor runs
                }
                ends.push_back({accepted, POLLIN, 0});
            }
            for (std::size_t next = 1; next < ends.size(); ++next) {
                if (ends[next].revents != 0 && !serve_one(ends[next].fd)) {
                    close(ends[next].fd);
                    ends[next].fd = -1;
                }
            }
        }
        for (std::size_t next = 1; next < ends.size(); ++next) {
            close(ends[next].fd);
        }
    }
    bool serve_one(int descriptor) {
        std::array<std::byte, sizeof(std::int32_t)> length{};
        if (recv(descriptor, length.data(), length.size(), MSG_WAITALL) !=
            static_cast<ssize_t>(length.size())) {
            return false;
        }
        Buffer frame(static_cast<std::size_t>(load_big_endian<std::int32_t>(length.data())));
        if (recv(descriptor, frame.data(), frame.size(), MSG_WAITALL) !=
            static_cast<ssize_t>(frame.size())) {
            return false;
        }
        const std::string answer = answer_to(frame.view());
        return send(descriptor, answer.data(), answer.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(answer.size());
    }
    std::string answer_to(ByteView frame) {
        const auto key = static_cast<schema::ApiKey>(load_big_endian<std::int16_t>(frame.data()));
        const ApiVersion version(load_big_endian<std::int16_t>(frame.data() + 2));
        Arena arena(1 << 16);
        wire::Reader reader(frame, arena);
        ScriptedRequest request;
        decode(reader, schema::find_api(key)->request_header_version(version), request.header);
        request.body = reader.rest();
        if (key != schema::ApiKey::api_versions) {
            return script_(request, address_);
        }
        if (version <= what_apis_.newest_api_versions) {
            return request.answer(all_apis());
        }
        request.header.request_api_version = ApiVersion(0);
        return request.answer(
            schema::ApiVersionsResponse{.error_code = wire::ErrorCode::unsupported_version});
    }
    schema::ApiVersionsResponse all_apis() {
        if (apis_.empty()) {
            for (const schema::ApiInfo& api : schema::kApiTable) {
                if (what_apis_.lists_own_apis || !api.hw_only) {
                    apis_.push_back({.api_key = api.key,
                                     .min_version = api.versions.low,
                                     .max_version = api.stable_high});
                }
            }
        }
        schema::ApiVersionsResponse response;
        response.api_keys = apis_;
        return response;
    }

    Script script_;
    ScriptedApis what_apis_;
    int listening_;
    config::Address address_;
    std::vector<schema::ApiVersionsResponse::Api> apis_;
    std::thread thread_;
};

}  // namespace hw::client
