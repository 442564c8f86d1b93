#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/schema/api/fetch.h"
#include "protocol/schema/api/header.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"
#include "test/bench/toy_file.h"
#include "tools/client/frame_input.h"

namespace hw::bench {

using ToyFiles = std::vector<std::unique_ptr<ToyFile>>;

/// A client connection of the toy. Appends all batches of one read of the socket, then answers them
/// with one send.
class ToyConnection {
public:
    /// `files` outlive it. `port` is the port in Metadata responses.
    ToyConnection(client::Socket socket, const ToyFiles& files, std::uint16_t port);

    /// Reads the socket, appends the batches and answers. Errors: closed, corrupt, unsupported,
    /// limit, timed_out, those of the operating system; after an error the connection must not be
    /// used.
    [[nodiscard]] Result<void> on_ready();
    /// Answers a waiting fetch if there are records for it. Errors: closed, timed_out.
    [[nodiscard]] Result<void> on_appended();

    [[nodiscard]] int number() const { return socket_.number(); }

private:
    /// The request bytes of a fetch that waits for records, without a deadline.
    using Parked = std::vector<std::byte>;

    [[nodiscard]] Result<void> take_frames();
    /// Writes the staged batches and sends the answers so far.
    [[nodiscard]] Result<void> finish_produces();
    [[nodiscard]] Result<void> on_frame(MutableBytes frame);
    [[nodiscard]] Result<void> on_api_versions(const schema::RequestHeader& header);
    [[nodiscard]] Result<void> on_metadata(const schema::RequestHeader& header, wire::Reader& body);
    [[nodiscard]] Result<void> on_produce(const schema::RequestHeader& header, wire::Reader& body,
                                          MutableBytes frame);
    [[nodiscard]] Result<void> on_list_offsets(const schema::RequestHeader& header,
                                               wire::Reader& body);
    [[nodiscard]] Result<void> on_fetch(const schema::RequestHeader& header, wire::Reader& body,
                                        ByteView frame);
    [[nodiscard]] Result<void> answer_with_records(const schema::RequestHeader& header,
                                                   const schema::FetchResponse& response);
    template <class Response>
    [[nodiscard]] Result<void> answer(const schema::RequestHeader& header,
                                      const Response& response);
    template <class Message>
    [[nodiscard]] Result<void> append_message(const Message& message, ApiVersion version);

    client::Socket socket_;
    const ToyFiles* files_;
    std::uint16_t port_;
    Arena arena_;
    client::FrameInput input_;
    std::vector<std::byte> output_;
    wire::Slices slices_;
    std::optional<Parked> parked_;
};

}  // namespace hw::bench
