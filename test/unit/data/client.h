#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/base/network.h"
#include "protocol/record/batch_builder.h"
#include "protocol/schema/api/fetch.h"
#include "protocol/schema/api/list_offsets.h"
#include "protocol/schema/api/produce.h"
#include "test/sim/scheduler.h"
#include "test/support/wire_client.h"

namespace hw::broker {

/// Contents and options of a test batch.
struct BatchShape {
    std::string value = "v";
    int records = 1;
    Timestamp timestamp{1'767'225'600'000};  ///< of the first record; each next one is 1 ms later
    record::BatchOptions options = {};
};

[[nodiscard]] Buffer make_batch(const BatchShape& shape);

/// The values of the records in uncompressed batches.
[[nodiscard]] std::vector<std::string> values_of(const wire::Records& batches);

/// The client's end of one connection to the server. Sends requests, and decodes the answers in
/// their order. Decoded answers live as long as the client.
class Client {
public:
    Client(sim::Scheduler& scheduler, std::unique_ptr<Transport> transport)
        : scheduler_(scheduler), transport_(std::move(transport)) {}

    template <class Request>
    void send(const Request& request, std::int16_t version) {
        send_as(request, version, "test");
    }
    template <class Request>
    void send_as(const Request& request, std::int16_t version, std::string_view client_id) {
        write(test::request_frame(request, ApiVersion(version), CorrelationId(++sent_), client_id));
    }
    /// The next request in order gets no answer: `receive` skips its correlation id.
    void skip_answer() { ++received_; }
    /// The next answer; the test fails when none comes within a simulated minute.
    template <class Response>
    const Response& receive(std::int16_t version);
    template <class Response, class Request>
    const Response& ask(const Request& request, std::int16_t version) {
        send(request, version);
        return receive<Response>(version);
    }
    /// True if an answer has arrived that `receive` has not returned yet.
    [[nodiscard]] bool has_answer();
    /// True if the server has ended the connection.
    [[nodiscard]] bool ended();
    void close() { transport_->close(); }

private:
    /// The frame of an answer, and the memory of the decoded answer.
    struct Reply {
        std::string frame;
        Arena arena{16 << 20};
    };

    void write(std::string_view bytes);
    void read();
    /// Waits for the next frame.
    Reply& next();

    sim::Scheduler& scheduler_;
    std::unique_ptr<Transport> transport_;
    std::string stream_;
    std::deque<std::string> frames_;
    std::deque<Reply> answers_;
    std::int32_t sent_ = 0;
    std::int32_t received_ = 0;
    bool closed_ = false;
};

template <class Response>
const Response& Client::receive(std::int16_t version) {
    Reply& answer = next();
    const schema::ApiInfo& api = *schema::find_api(Response::kKey);
    wire::Reader reader(as_bytes(answer.frame), answer.arena);
    schema::ResponseHeader header;
    decode(reader, api.response_header_version(ApiVersion(version)), header);
    CHECK(header.correlation_id == CorrelationId(++received_));
    auto* response = answer.arena.allocate<Response>(1);
    new (response) Response();
    decode(reader, ApiVersion(version), *response);
    REQUIRE(reader.finish().has_value());
    return *response;
}

}  // namespace hw::broker
