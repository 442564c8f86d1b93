#include "test/bench/toy_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include "protocol/record/batch.h"
#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/produce.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/writer.h"

namespace hw::bench {
namespace {

/// What is read while the size of the next frame is not known: many small ones at once, and not
/// much of a large one, which would have to be moved.
constexpr std::size_t kReadAhead = 16384;
/// What one connection may bring before the others have their turn.
constexpr std::size_t kTurn = 262144;
constexpr std::size_t kMaxFrame = std::size_t{100} << 20;
constexpr std::size_t kArenaBudget = std::size_t{1} << 20;
constexpr std::size_t kLengthSize = 4;
constexpr BrokerId kSelf{1};
/// Versions that name topics by name.
constexpr schema::VersionRange kProduceVersions{ApiVersion(3), ApiVersion(12)};

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

Result<record::BatchView> checked_batch(const wire::Records& records) {
    auto batch = record::parse_batch(records.empty() ? ByteView{} : records[0]);
    if (batch && (batch->size() != wire::total_size(records) || !batch->crc_matches())) {
        return fail(ErrorKind::corrupt, "a batch of {} bytes fails its CRC or its length",
                    batch->size());
    }
    return batch;
}

}  // namespace

ToyConnection::ToyConnection(perf::Descriptor socket, const ToyFiles& files, std::uint16_t port)
    : socket_(std::move(socket)),
      files_(&files),
      port_(port),
      arena_(kArenaBudget),
      input_(kReadAhead) {}

Result<void> ToyConnection::on_ready() {
    std::size_t taken_now = 0;
    for (bool drained = false; !drained && taken_now < kTurn;) {
        const std::size_t wanted = std::max(kReadAhead, expected_) - received_;
        input_.resize(std::max(input_.size(), received_ + wanted));
        const ssize_t count =
            ::recv(socket_.number(), input_.data() + received_, wanted, MSG_DONTWAIT);
        if (count < 0 && would_block()) {
            return {};
        }
        if (count <= 0) {
            return fail(ErrorKind::closed, "the client is gone");
        }
        drained = static_cast<std::size_t>(count) < wanted;
        received_ += static_cast<std::size_t>(count);
        taken_now += static_cast<std::size_t>(count);
        if (auto taken = take_frames(); !taken) {
            return taken;
        }
    }
    return {};
}

Result<void> ToyConnection::take_frames() {
    ByteView left(input_.data(), received_);
    expected_ = 0;
    while (left.size() >= kLengthSize) {
        expected_ = kLengthSize + load_big_endian<std::uint32_t>(left.data());
        if (expected_ > kMaxFrame) {
            return fail(ErrorKind::limit, "a frame of {} bytes is over {}", expected_, kMaxFrame);
        }
        if (left.size() < expected_) {
            break;
        }
        if (auto handled = on_frame(left.subspan(kLengthSize, expected_ - kLengthSize)); !handled) {
            return handled;
        }
        left = left.subspan(expected_);
        expected_ = 0;
    }
    for (const auto& file : *files_) {
        if (auto written = file->write_staged(); !written) {
            return written;
        }
    }
    if (left.data() != input_.data() && !left.empty()) {
        std::memmove(input_.data(), left.data(), left.size());
    }
    received_ = left.size();
    return send_answers();
}

Result<void> ToyConnection::on_frame(ByteView frame) {
    arena_.reset(kArenaBudget);
    if (frame.size() < kLengthSize) {
        return fail(ErrorKind::corrupt, "a frame of {} bytes has no header", frame.size());
    }
    const auto key = static_cast<schema::ApiKey>(load_big_endian<std::int16_t>(frame.data()));
    const ApiVersion version(load_big_endian<std::int16_t>(frame.data() + 2));
    const schema::ApiInfo* api = schema::find_api(key);
    if (api == nullptr || !api->versions.contains(version)) {
        return fail(ErrorKind::unsupported, "API {} in version {} is not known",
                    static_cast<int>(key), version);
    }
    wire::Reader reader(frame, arena_);
    schema::RequestHeader header;
    decode(reader, api->request_header_version(version), header);
    switch (key) {
        case schema::ApiKey::api_versions:
            return on_api_versions(header);
        case schema::ApiKey::metadata:
            return on_metadata(header, reader);
        case schema::ApiKey::produce:
            return on_produce(header, reader);
        default:
            return fail(ErrorKind::unsupported, "the toy does not serve {}", api->name);
    }
}

Result<void> ToyConnection::on_api_versions(const schema::RequestHeader& header) {
    using Response = schema::ApiVersionsResponse;
    const auto row = [](schema::ApiKey key, schema::VersionRange versions) {
        return Response::Api{
            .api_key = key, .min_version = versions.low, .max_version = versions.high};
    };
    const std::array apis{row(schema::ApiKey::produce, kProduceVersions),
                          row(schema::ApiKey::metadata, schema::MetadataRequest::kVersions),
                          row(schema::ApiKey::api_versions, schema::ApiVersionsRequest::kVersions)};
    Response response;
    response.api_keys = apis;
    return answer(header, response);
}

Result<void> ToyConnection::on_metadata(const schema::RequestHeader& header, wire::Reader& body) {
    using Response = schema::MetadataResponse;
    schema::MetadataRequest request;
    decode(body, header.request_api_version, request);
    if (auto read = body.finish(); !read) {
        return read;
    }
    std::vector<Response::Partition> partitions(files_->size());
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        partitions[i].partition_index = PartitionIndex(static_cast<std::int32_t>(i));
        partitions[i].leader_id = kSelf;
        partitions[i].replica_nodes = {&kSelf, 1};
        partitions[i].isr_nodes = {&kSelf, 1};
    }
    std::vector<Response::Topic> topics(request.topics.size());
    for (std::size_t i = 0; i < topics.size(); ++i) {
        topics[i].name = request.topics[i].name;
        topics[i].partitions = partitions;
    }
    Response::Broker self;
    self.node_id = kSelf;
    self.host = "127.0.0.1";
    self.port = port_;
    Response response;
    response.brokers = {&self, 1};
    response.controller_id = kSelf;
    response.topics = topics;
    return answer(header, response);
}

Result<void> ToyConnection::on_produce(const schema::RequestHeader& header, wire::Reader& body) {
    using Response = schema::ProduceResponse;
    schema::ProduceRequest request;
    decode(body, header.request_api_version, request);
    if (auto read = body.finish(); !read) {
        return read;
    }
    if (request.topic_data.size() != 1 || request.topic_data[0].partition_data.size() != 1) {
        return fail(ErrorKind::unsupported, "the toy takes one partition a request");
    }
    const auto& topic = request.topic_data[0];
    const auto& asked = topic.partition_data[0];
    Response::Partition partition;
    partition.index = asked.index;
    const auto index = static_cast<std::size_t>(asked.index.value());
    if (index >= files_->size()) {
        partition.error_code = wire::ErrorCode::unknown_topic_or_partition;
    } else if (const auto batch = checked_batch(asked.records); !batch) {
        partition.error_code = wire::ErrorCode::corrupt_message;
    } else {
        partition.base_offset = (*files_)[index]->stage(batch->bytes(), batch->count());
    }
    if (request.acks == 0) {
        return {};
    }
    Response::Topic answered;
    answered.name = topic.name;
    answered.partition_responses = {&partition, 1};
    Response response;
    response.responses = {&answered, 1};
    return answer(header, response);
}

template <class Response>
Result<void> ToyConnection::answer(const schema::RequestHeader& header, const Response& response) {
    const std::size_t start = output_.size();
    const ApiVersion version = header.request_api_version;
    const schema::ApiInfo& api = *schema::find_api(Response::kKey);
    output_.resize(start + kLengthSize);
    const schema::ResponseHeader own{.correlation_id = header.correlation_id};
    if (auto added = append_message(own, api.response_header_version(version)); !added) {
        return added;
    }
    if (auto added = append_message(response, version); !added) {
        return added;
    }
    store_big_endian(output_.data() + start,
                     static_cast<std::uint32_t>(output_.size() - start - kLengthSize));
    return {};
}

/// Encodes to the end of the output, without memory of its own.
template <class Message>
Result<void> ToyConnection::append_message(const Message& message, ApiVersion version) {
    const auto size = measure(message, version);
    if (!size) {
        return std::unexpected(size.error());
    }
    const std::size_t start = output_.size();
    output_.resize(start + size->own);
    slices_.clear();
    wire::Writer writer(MutableBytes(output_).subspan(start), slices_);
    encode(writer, message, version);
    writer.finish();
    return {};
}

Result<void> ToyConnection::send_answers() {
    if (output_.empty()) {
        return {};
    }
    const ssize_t count =
        ::send(socket_.number(), output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count != static_cast<ssize_t>(output_.size())) {
        return fail(ErrorKind::closed, "the client is gone, or does not read its answers");
    }
    output_.clear();
    return {};
}

}  // namespace hw::bench
