#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/schema/api/header.h"
#include "protocol/wire/reader.h"
#include "test/bench/toy_file.h"
#include "tools/perf/descriptor.h"

namespace hw::bench {

using ToyFiles = std::vector<std::unique_ptr<ToyFile>>;

/// One client of the toy. Reads a frame's rest straight to its place, so that nothing is copied
/// twice, checks and appends what one read brought, then answers it all at once.
class ToyConnection {
public:
    /// `files` outlive it. `port` is what Metadata names.
    ToyConnection(perf::Descriptor socket, const ToyFiles& files, std::uint16_t port);

    /// Reads, appends and answers what the socket has. Errors: closed, corrupt,
    /// unsupported, limit, those of the operating system: the connection is of no more use.
    [[nodiscard]] Result<void> on_ready();

private:
    [[nodiscard]] Result<void> take_frames();
    [[nodiscard]] Result<void> on_frame(ByteView frame);
    [[nodiscard]] Result<void> on_api_versions(const schema::RequestHeader& header);
    [[nodiscard]] Result<void> on_metadata(const schema::RequestHeader& header, wire::Reader& body);
    [[nodiscard]] Result<void> on_produce(const schema::RequestHeader& header, wire::Reader& body);
    [[nodiscard]] Result<void> send_answers();
    template <class Response>
    [[nodiscard]] Result<void> answer(const schema::RequestHeader& header,
                                      const Response& response);
    template <class Message>
    [[nodiscard]] Result<void> append_message(const Message& message, ApiVersion version);

    perf::Descriptor socket_;
    const ToyFiles* files_;
    std::uint16_t port_;
    Arena arena_;
    std::vector<std::byte> input_;
    std::size_t received_ = 0;
    std::size_t expected_ = 0;  ///< size of the frame at the front, with its length; 0: unknown
    std::vector<std::byte> output_;
    wire::Slices slices_;
};

}  // namespace hw::bench
