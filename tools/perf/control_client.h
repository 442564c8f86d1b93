#pragma once

#include <cstddef>
#include <vector>

#include "config/address.h"
#include "protocol/base/arena.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/api/header.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/reader.h"
#include "tools/perf/blocking_socket.h"
#include "tools/perf/request_frame.h"

namespace hw::perf {

/// Asks one broker and waits: what happens before and after a load. Owned by one thread.
class ControlClient {
public:
    /// Connects and learns what the broker speaks. Errors: those of connect_to and ask;
    /// unsupported, corrupt.
    [[nodiscard]] static Result<ControlClient> connect(const config::Address& address);

    /// The highest version of an API, at most `ceiling`, that the broker speaks too. Errors:
    /// unsupported.
    [[nodiscard]] Result<ApiVersion> version_of(schema::ApiKey key, ApiVersion ceiling) const;

    /// Sends a request and decodes its answer, which lives until the next call. Errors: those of
    /// ask; corrupt.
    template <class Response, class Request>
    [[nodiscard]] Result<Response> call(const Request& request, ApiVersion version);

private:
    struct Spoken {
        schema::ApiKey key;
        schema::VersionRange versions;
    };
    /// An answer may take this much memory once decoded.
    static constexpr std::size_t kArenaBudget = std::size_t{64} << 20;

    explicit ControlClient(Descriptor socket) : socket_(std::move(socket)), arena_(kArenaBudget) {}
    [[nodiscard]] Result<void> learn_versions();

    Descriptor socket_;
    Arena arena_;
    std::vector<std::byte> answer_;
    std::vector<Spoken> spoken_;
};

template <class Response, class Request>
Result<Response> ControlClient::call(const Request& request, ApiVersion version) {
    const auto frame = encode_request(request, version);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    auto answer = ask(socket_, frame->head);
    if (!answer) {
        return std::unexpected(answer.error());
    }
    answer_ = std::move(*answer);
    arena_.reset(kArenaBudget);
    wire::Reader reader(answer_, arena_);
    schema::ResponseHeader header;
    decode(reader, schema::find_api(Request::kKey)->response_header_version(version), header);
    Response response;
    decode(reader, version, response);
    if (auto read = reader.finish(); !read) {
        return fail(read.error().kind, "the answer to {}: {}", Request::kName,
                    read.error().message);
    }
    return response;
}

}  // namespace hw::perf
