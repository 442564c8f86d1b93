#pragma once

#include <limits>
#include <map>
#include <string>
#include <utility>

#include "protocol/schema/api_table.h"
#include "protocol/schema/message.h"
#include "protocol/wire/decoded_message.h"
#include "protocol/wire/encode_message.h"
#include "tools/client/socket.h"

namespace hw::client {

/// One connection to a broker: one request at a time, each in the newest version that both sides
/// know. Used by one thread. After an error of kind closed, timed_out or corrupt it must not be
/// used, because an answer may still be on its way.
class BrokerConnection {
public:
    /// Larger responses are refused; the same as Kafka's limit for requests.
    static constexpr std::int32_t kMaxResponseBytes = 100 * 1024 * 1024;
    static constexpr ApiVersion kNoCeiling{std::numeric_limits<std::int16_t>::max()};

    /// Connects and asks which API versions the broker serves. Errors: closed, timed_out, corrupt
    /// (not a broker of this protocol), each with the address.
    [[nodiscard]] static Result<BrokerConnection> open(const config::Address& address,
                                                       const Deadline& deadline,
                                                       int stop_descriptor);

    [[nodiscard]] const config::Address& address() const { return address_; }
    [[nodiscard]] bool serves(schema::ApiKey key) const { return newest_version(key).has_value(); }
    /// The newest version of an API, at most `ceiling`, that both sides know. Errors: unsupported.
    [[nodiscard]] Result<ApiVersion> newest_version(schema::ApiKey key,
                                                    ApiVersion ceiling = kNoCeiling) const;

    /// Sends a request, in a version up to `ceiling`, and waits for its response. Errors: closed,
    /// timed_out, corrupt, unsupported (the broker does not serve the API in a version we know),
    /// those of the request's `measure`.
    template <class Response, class Request>
    [[nodiscard]] Result<wire::DecodedMessage<Response>> call(const Request& request,
                                                              const Deadline& deadline,
                                                              ApiVersion ceiling = kNoCeiling) {
        HW_TRY(sent, send(request, deadline, ceiling));
        HW_TRY(frame, receive_frame(deadline));
        return decode_answer<Response>(std::move(frame), sent);
    }

    /// Sends a request without waiting for a response, which Produce with acks=0 does not have.
    /// Returns the request's version. Errors: as `call`.
    template <class Request>
    [[nodiscard]] Result<ApiVersion> send(const Request& request, const Deadline& deadline,
                                          ApiVersion ceiling = kNoCeiling) {
        HW_TRY(version, newest_version(Request::kKey, ceiling));
        HW_TRY(body, wire::encode_message(request, version));
        HW_TRY_VOID(send_frame(Request::kKey, version, body, deadline));
        return version;
    }

private:
    BrokerConnection(config::Address address, Socket socket)
        : address_(std::move(address)), socket_(std::move(socket)) {}

    [[nodiscard]] Result<void> negotiate(const Deadline& deadline);
    /// Errors: unsupported (the broker does not know the version of ApiVersions).
    [[nodiscard]] Result<void> ask_versions(ApiVersion version, const Deadline& deadline);
    [[nodiscard]] Error with_address(const Error& error) const;
    [[nodiscard]] Result<void> send_frame(schema::ApiKey key, ApiVersion version,
                                          const wire::Encoded& body, const Deadline& deadline);
    /// Returns the frame without its length.
    [[nodiscard]] Result<Buffer> receive_frame(const Deadline& deadline);
    [[nodiscard]] Result<void> read_header(wire::Reader& in, schema::ApiKey key,
                                           ApiVersion version) const;

    template <class Response>
    [[nodiscard]] Result<wire::DecodedMessage<Response>> decode_answer(Buffer frame,
                                                                       ApiVersion version) const {
        const std::size_t factor = schema::find_api(Response::kKey)->memory_factor;
        wire::DecodedMessage<Response> answer(std::move(frame), factor);
        const auto header = [this, version](wire::Reader& in) {
            return read_header(in, Response::kKey, version);
        };
        if (const auto read = answer.read(version, header); !read) {
            return std::unexpected(with_address(read.error()));
        }
        return answer;
    }

    config::Address address_;
    Socket socket_;
    CorrelationId correlation_id_{0};
    std::map<schema::ApiKey, schema::VersionRange> served_;
};

}  // namespace hw::client
