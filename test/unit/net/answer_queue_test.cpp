#include "broker/net/answer_queue.h"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/metadata.h"
#include "test/support/wire_client.h"

namespace hw::broker {
namespace {

/// A queue of requests with the correlation ids 1, 2 and on.
struct Queued {
    explicit Queued(std::size_t count) {
        constexpr std::size_t kLength = 4;
        for (std::size_t i = 0; i < count; ++i) {
            const CorrelationId id(static_cast<std::int32_t>(i + 1));
            const std::string frame =
                test::request_frame(schema::MetadataRequest(), ApiVersion(4), id).substr(kLength);
            Buffer bytes(frame.size());
            std::ranges::copy(as_bytes(frame), bytes.data());
            requests.push_back(std::make_shared<Exchange>(std::move(bytes), Reservation(), sink));
            REQUIRE(requests.back()->read_header());
            queue.push(requests.back());
        }
    }
    void answer(std::size_t index) { requests[index]->reply(schema::MetadataResponse()); }
    /// The correlation ids of the answers that would be sent now.
    std::vector<std::int32_t> gathered() {
        std::string stream;
        for (const ByteView slice : queue.gather()) {
            stream += as_text(slice);
        }
        std::vector<std::int32_t> ids;
        for (std::string frame = test::take_frame(stream); !frame.empty();
             frame = test::take_frame(stream)) {
            ids.push_back(test::correlation_of(frame).value());
        }
        CHECK(stream.empty());
        return ids;
    }

    struct Sink final : AnswerSink {
        void on_answer() override {}
        void on_reject(const Error& /*reason*/) override {}
    };

    Sink sink;
    std::vector<ExchangePtr> requests;
    AnswerQueue queue;
};

using Ids = std::vector<std::int32_t>;

TEST_CASE("answer queue: it gives the answers up to the first request without one", "[net]") {
    Queued queued(4);
    queued.answer(3);
    queued.answer(1);
    CHECK(queued.gathered().empty());
    queued.answer(0);
    CHECK(queued.gathered() == Ids{1, 2});
    queued.queue.sent(queued.requests[0]->answer().size);
    CHECK(queued.gathered() == Ids{2});
    queued.queue.sent(queued.requests[1]->answer().size);
    CHECK(queued.gathered().empty());
    queued.answer(2);
    CHECK(queued.gathered() == Ids{3, 4});
}

TEST_CASE("answer queue: no answer behind a rejected request is given", "[net]") {
    Queued queued(3);
    queued.requests[1]->reject({ErrorKind::invalid, "refused"});
    queued.answer(2);
    CHECK(queued.gathered().empty());
    CHECK_FALSE(queued.queue.ends_here());
    queued.answer(0);
    CHECK(queued.gathered() == Ids{1});
    queued.queue.sent(queued.requests[0]->answer().size);
    CHECK(queued.gathered().empty());
    CHECK(queued.queue.ends_here());
}

}  // namespace
}  // namespace hw::broker
