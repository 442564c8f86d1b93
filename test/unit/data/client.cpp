#include "test/unit/data/client.h"

#include <array>

#include "protocol/record/batch_cursor.h"

namespace hw::broker {

Buffer make_batch(const BatchShape& shape) {
    record::BatchBuilder builder(shape.options);
    for (int i = 0; i < shape.records; ++i) {
        builder.add({{}, as_bytes(shape.value), {}, shape.timestamp + i});
    }
    record::Compressor compressor;
    auto batch = builder.finish(compressor);
    REQUIRE(batch.has_value());
    return std::move(*batch);
}

std::vector<std::string> values_of(const wire::Records& batches) {
    std::vector<std::string> values;
    for (const ByteView bytes : batches) {
        record::BatchCursor walk(bytes);
        while (const auto batch = walk.next()) {
            CHECK(batch->crc_matches());
            record::RecordCursor records(*batch, batch->records());
            while (const auto record = records.next()) {
                values.emplace_back(as_text(*record->value));
            }
        }
        CHECK(walk.position() == bytes.size());
    }
    return values;
}

void Client::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::array<ByteView, 1> slices{as_bytes(bytes)};
        const Transfer sent = transport_->try_write(slices);
        REQUIRE(sent.progress != Progress::closed);
        bytes.remove_prefix(sent.bytes);
        if (sent.progress == Progress::would_block) {
            REQUIRE(scheduler_.step());
        }
    }
}

void Client::read() {
    std::array<std::byte, 4096> buffer;
    Transfer got = transport_->try_read(buffer);
    for (; got.progress == Progress::done; got = transport_->try_read(buffer)) {
        stream_ += as_text(ByteView(buffer).first(got.bytes));
    }
    closed_ = got.progress == Progress::closed;
    for (std::string frame = test::take_frame(stream_); !frame.empty();
         frame = test::take_frame(stream_)) {
        frames_.push_back(std::move(frame));
    }
}

bool Client::has_answer() {
    read();
    return !frames_.empty();
}

bool Client::ended() {
    read();
    return closed_;
}

Client::Reply& Client::next() {
    const TimePoint limit = scheduler_.now() + std::chrono::minutes(1);
    REQUIRE(scheduler_.run_until([this] { return has_answer(); }, limit));
    Reply& answer = answers_.emplace_back();
    answer.frame = std::move(frames_.front());
    frames_.pop_front();
    return answer;
}

}  // namespace hw::broker
