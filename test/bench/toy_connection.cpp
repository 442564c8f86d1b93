#include "test/bench/toy_connection.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "protocol/record/batch.h"
#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/list_offsets.h"
#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/produce.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/encode_message.h"

namespace hw::bench {
namespace {

/// Bytes to read while the size of the next frame is unknown: enough for many small frames, but few
/// of a large frame, because they must be moved.
constexpr std::size_t kReadAhead = 16384;
/// Bytes read from one connection before the others get their turn.
constexpr std::size_t kTurn = 262144;
constexpr std::size_t kMaxFrame = std::size_t{100} << 20;
constexpr std::size_t kArenaBudget = std::size_t{1} << 20;
constexpr std::size_t kHeaderSize = 4;
constexpr std::size_t kLengthSize = 4;
constexpr client::Milliseconds kPatience{30000};
constexpr BrokerId kSelf{1};
/// The served versions identify topics by name.
constexpr schema::VersionRange kProduceVersions{ApiVersion(3), ApiVersion(12)};
constexpr schema::VersionRange kFetchVersions{ApiVersion(4), ApiVersion(12)};
constexpr schema::VersionRange kListOffsetsVersions{ApiVersion(1), ApiVersion(6)};
constexpr Timestamp kLogStart{-2};

Result<record::BatchView> checked_batch(const wire::Records& records) {
    auto batch = record::parse_batch(records.empty() ? ByteView{} : records[0]);
    if (batch && (batch->size() != wire::total_size(records) || !batch->crc_matches())) {
        return fail(ErrorKind::corrupt, "a batch of {} bytes fails its CRC or its length",
                    batch->size());
    }
    return batch;
}

/// A writable view of the bytes of `view`, which is a part of `frame`.
MutableBytes part_of(MutableBytes frame, ByteView view) {
    return frame.subspan(static_cast<std::size_t>(view.data() - frame.data()), view.size());
}

}  // namespace

ToyConnection::ToyConnection(client::Socket socket, const ToyFiles& files, std::uint16_t port)
    : socket_(std::move(socket)),
      files_(&files),
      port_(port),
      arena_(kArenaBudget),
      input_(kReadAhead, kMaxFrame) {}

Result<void> ToyConnection::on_ready() {
    for (std::size_t taken = 0; taken < kTurn;) {
        const auto received = input_.receive(socket_);
        if (!received) {
            return std::unexpected(received.error());
        }
        if (auto done = take_frames(); !done) {
            return done;
        }
        if (!received->may_have_more) {
            return {};
        }
        taken += received->bytes;
    }
    return {};
}

Result<void> ToyConnection::on_appended() {
    if (!parked_) {
        return {};
    }
    Parked frame = std::move(*parked_);
    parked_.reset();
    return on_frame(frame);
}

Result<void> ToyConnection::take_frames() {
    auto frame = input_.next();
    for (; frame && *frame; frame = input_.next()) {
        if (auto handled = on_frame(**frame); !handled) {
            return handled;
        }
    }
    if (!frame) {
        return std::unexpected(frame.error());
    }
    return finish_produces();
}

Result<void> ToyConnection::finish_produces() {
    for (const auto& file : *files_) {
        if (auto written = file->write_staged(); !written) {
            return written;
        }
    }
    if (output_.empty()) {
        return {};
    }
    auto sent = socket_.send(ByteView(output_), client::Deadline(kPatience));
    output_.clear();
    return sent;
}

Result<void> ToyConnection::on_frame(MutableBytes frame) {
    arena_.reset(kArenaBudget);
    if (frame.size() < kHeaderSize) {
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
            return on_produce(header, reader, frame);
        case schema::ApiKey::list_offsets:
            return on_list_offsets(header, reader);
        case schema::ApiKey::fetch:
            return on_fetch(header, reader, frame);
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
                          row(schema::ApiKey::fetch, kFetchVersions),
                          row(schema::ApiKey::list_offsets, kListOffsetsVersions),
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

Result<void> ToyConnection::on_produce(const schema::RequestHeader& header, wire::Reader& body,
                                       MutableBytes frame) {
    using Response = schema::ProduceResponse;
    schema::ProduceRequest request;
    decode(body, header.request_api_version, request);
    if (auto read = body.finish(); !read) {
        return read;
    }
    if (request.topic_data.size() != 1 || request.topic_data[0].partition_data.size() != 1) {
        return fail(ErrorKind::unsupported, "the toy serves one partition per Produce request");
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
        partition.base_offset =
            (*files_)[index]->stage(part_of(frame, batch->bytes()), batch->count());
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

Result<void> ToyConnection::on_list_offsets(const schema::RequestHeader& header,
                                            wire::Reader& body) {
    using Response = schema::ListOffsetsResponse;
    schema::ListOffsetsRequest request;
    decode(body, header.request_api_version, request);
    if (auto read = body.finish(); !read) {
        return read;
    }
    std::vector<std::vector<Response::Partition>> partitions;
    std::vector<Response::Topic> topics;
    for (const auto& topic : request.topics) {
        auto& answered = partitions.emplace_back();
        for (const auto& asked : topic.partitions) {
            const auto index = static_cast<std::size_t>(asked.partition_index.value());
            Response::Partition partition;
            partition.partition_index = asked.partition_index;
            if (index >= files_->size()) {
                partition.error_code = wire::ErrorCode::unknown_topic_or_partition;
            } else {
                partition.offset =
                    asked.timestamp == kLogStart ? Offset(0) : (*files_)[index]->end_offset();
            }
            answered.push_back(partition);
        }
        topics.push_back({.name = topic.name, .partitions = answered});
    }
    Response response;
    response.topics = topics;
    return answer(header, response);
}

Result<void> ToyConnection::on_fetch(const schema::RequestHeader& header, wire::Reader& body,
                                     ByteView frame) {
    using Response = schema::FetchResponse;
    schema::FetchRequest request;
    decode(body, header.request_api_version, request);
    if (auto read = body.finish(); !read) {
        return read;
    }
    if (request.topics.size() != 1) {
        return fail(ErrorKind::unsupported, "the toy serves one topic per Fetch request");
    }
    if (auto finished = finish_produces(); !finished) {
        return finished;
    }
    std::vector<Response::Partition> partitions;
    std::vector<ByteView> records(request.topics[0].partitions.size());
    bool has_records = false;
    for (const auto& asked : request.topics[0].partitions) {
        const auto index = static_cast<std::size_t>(asked.partition.value());
        Response::Partition& partition = partitions.emplace_back();
        partition.partition_index = asked.partition;
        if (index >= files_->size()) {
            partition.error_code = wire::ErrorCode::unknown_topic_or_partition;
            has_records = true;
            continue;
        }
        const ToyFile& file = *(*files_)[index];
        ByteView& read = records[partitions.size() - 1];
        read = file.read(asked.fetch_offset, static_cast<std::size_t>(asked.partition_max_bytes));
        partition.high_watermark = file.end_offset();
        partition.last_stable_offset = file.end_offset();
        partition.log_start_offset = Offset(0);
        partition.records = {&read, 1};
        has_records = has_records || !read.empty();
    }
    if (!has_records) {
        parked_.emplace(frame.begin(), frame.end());
        return {};
    }
    const Response::Topic topic{
        .topic = request.topics[0].topic, .topic_id = {}, .partitions = partitions};
    Response response;
    response.responses = {&topic, 1};
    return answer_with_records(header, response);
}

/// Sends the answer immediately, with the records directly from the mapped files.
Result<void> ToyConnection::answer_with_records(const schema::RequestHeader& header,
                                                const schema::FetchResponse& response) {
    const ApiVersion version = header.request_api_version;
    const schema::ApiInfo& api = *schema::find_api(schema::ApiKey::fetch);
    const schema::ResponseHeader own{.correlation_id = header.correlation_id};
    const auto head = wire::encode_message(own, api.response_header_version(version));
    const auto body = wire::encode_message(response, version);
    if (!head || !body) {
        return std::unexpected(head ? body.error() : head.error());
    }
    std::array<std::byte, kLengthSize> length{};
    store_big_endian(length.data(), static_cast<std::uint32_t>(head->size + body->size));
    std::vector<iovec> slices{client::slice_of(length)};
    std::ranges::transform(head->slices, std::back_inserter(slices), client::slice_of);
    std::ranges::transform(body->slices, std::back_inserter(slices), client::slice_of);
    return socket_.send(slices, client::Deadline(kPatience));
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

/// Encodes at the end of the output, without allocating other memory.
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

}  // namespace hw::bench
