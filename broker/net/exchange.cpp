#include "broker/net/exchange.h"

#include <utility>

#include <fmt/format.h>

namespace hw::broker {

Exchange::Exchange(Buffer frame, Reservation memory, AnswerSink& sink)
    : frame_(std::move(frame)), memory_(std::move(memory)), sink_(&sink) {
    arena_.lend({frame_.data() + frame_.size(), frame_.capacity() - frame_.size()});
    arena_.draw_from(*this);
}

Exchange::~Exchange() {
    work_ = nullptr;
    memory_.recycle(std::move(frame_));
}

Result<void> Exchange::read_header() {
    // API key, version and correlation id are at the same place in every version of the header.
    constexpr std::size_t kMinSize = 8;
    if (frame_.size() < kMinSize) {
        return fail(ErrorKind::corrupt, "a request of {} bytes is shorter than its header of {}",
                    frame_.size(), kMinSize);
    }
    api_key_ = load_big_endian<std::int16_t>(frame_.data());
    version_ = ApiVersion(load_big_endian<std::int16_t>(frame_.data() + 2));
    correlation_id_ = CorrelationId(load_big_endian<std::int32_t>(frame_.data() + 4));
    api_ = schema::find_api(static_cast<schema::ApiKey>(api_key_));
    if (api_ == nullptr) {
        return fail(ErrorKind::unsupported,
                    "API key {} is not served here; ApiVersions lists what is", api_key_);
    }
    if (!api_->versions.contains(version_)) {
        return {};  // the layout of what follows is not known
    }
    wire::Reader reader(frame_.view(), arena_);
    schema::RequestHeader header;
    decode(reader, api_->request_header_version(version_), header);
    HW_TRY_VOID(reader.status());
    context_.client_id = header.client_id;
    body_ = reader.rest();
    return {};
}

const schema::ApiInfo* Exchange::named_api() const {
    return frame_.size() < sizeof(std::int16_t)
               ? nullptr
               : schema::find_api(
                     static_cast<schema::ApiKey>(load_big_endian<std::int16_t>(frame_.data())));
}

MutableBytes Exchange::writable(ByteView part) {
    HW_ASSERT(part.data() >= frame_.data());
    const auto start = static_cast<std::size_t>(part.data() - frame_.data());
    HW_ASSERT(start + part.size() <= frame_.size());
    return frame_.bytes().subspan(start, part.size());
}

bool Exchange::reserve(std::size_t bytes) {
    const bool taken = memory_.try_work(bytes);
    refused_bytes_ += taken ? 0 : bytes;
    return taken;
}

bool Exchange::take_work(std::size_t items, std::size_t bytes_each) {
    const std::size_t bytes = items * bytes_each;
    if (!memory_.try_work(bytes)) {
        reject(out_of_memory(fmt::format("serve the {} items of the request", items), bytes));
        return false;
    }
    return true;
}

bool Exchange::hold_answer(std::size_t bytes) {
    if (!memory_.try_encode(bytes)) {
        return false;
    }
    if (sink_ != nullptr && !sink_->on_hold_answer(bytes)) {
        memory_.return_answer(bytes);
        return false;
    }
    held_answer_ += bytes;
    return true;
}

bool Exchange::take_answer(std::size_t bytes) {
    if (held_answer_ > 0) {
        // The work is done, so a larger answer than expected is counted without asking.
        memory_.return_answer(std::exchange(held_answer_, 0));
        memory_.add_answer(bytes);
        return true;
    }
    if (memory_.try_encode(bytes)) {
        return true;
    }
    // The records of a Produce stay written, so the client must learn it. The answer is bounded by
    // the memory that was taken for the items of the request.
    if (api_->writes) {
        memory_.add_answer(bytes);
        return true;
    }
    reject(out_of_memory("answer the request", bytes));
    return false;
}

Error Exchange::out_of_memory(std::string_view purpose, std::size_t bytes) const {
    return {ErrorKind::limit,
            fmt::format("not enough memory to {}: it takes {} more bytes, and other requests hold "
                        "the shared memory. Ask for less at once, or raise highwater.memory.limit "
                        "({} version {}, a request of {} bytes)",
                        purpose, bytes, api_->name, version_, frame_.size())};
}

void Exchange::set_answer(wire::Encoded answer) {
    HW_ASSERT(!answered_);
    answer_ = std::move(answer);
    answered_ = true;
    if (sink_ != nullptr) {
        sink_->on_answer();
    }
}

void Exchange::reply_encoded(ByteView header_and_body) {
    constexpr std::size_t kPrefix = 4;
    memory_.return_answer(std::exchange(held_answer_, 0));
    memory_.add_answer(kPrefix + header_and_body.size());
    wire::Encoded answer{.own = Buffer(kPrefix + header_and_body.size()),
                         .slices = {},
                         .size = kPrefix + header_and_body.size()};
    wire::Writer writer(answer.own.bytes(), answer.slices);
    writer.integer(static_cast<std::int32_t>(header_and_body.size()));
    writer.bytes(header_and_body);
    writer.finish();
    set_answer(std::move(answer));
}

void Exchange::finish_silently() {
    answered_ = true;
    if (sink_ != nullptr) {
        sink_->on_answer();
    }
}

void Exchange::reject(const Error& reason) {
    answered_ = true;
    rejected_ = true;
    if (sink_ != nullptr) {
        sink_->on_reject(reason);
    }
}

}  // namespace hw::broker
