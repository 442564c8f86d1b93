#include "controller/image/image_loader.h"

#include <catch2/catch.hpp>

#include "test/unit/controller/world.h"

namespace hw::controller {
namespace {

using testing::uuid;
using Records = std::vector<schema::MetadataRecord>;

/// Feeds records as batches of epoch 1, without gaps.
class Feed {
public:
    Result<std::optional<Publication>> give(const Records& records) {
        std::vector<schema::VersionedMetadataRecord> versioned;
        for (const schema::MetadataRecord& record : records) {
            versioned.push_back({ApiVersion(0), record});
        }
        const Offset base = loader_.next_offset();
        return loader_.load({.base_offset = base,
                             .last_offset = base + (static_cast<std::int64_t>(records.size()) - 1),
                             .epoch = LeaderEpoch(1),
                             .records = versioned});
    }
    [[nodiscard]] bool has(std::string_view topic) const {
        return loader_.image()->find_topic(topic) != nullptr;
    }
    [[nodiscard]] ImageLoader& loader() { return loader_; }

private:
    ImageLoader loader_{MetadataImage("c")};
};

schema::TopicRecord topic(std::string_view name, std::uint64_t id) {
    return {.name = name, .topic_id = TopicId(uuid(id))};
}

const schema::BeginTransactionRecord kBegin{};
const schema::EndTransactionRecord kEnd{};
const schema::AbortTransactionRecord kAbort{};

TEST_CASE("image loader: a batch is published with its changes, its last offset and its epoch",
          "[image]") {
    Feed feed;
    const auto published = feed.give({topic("a", 1), topic("b", 2)});
    REQUIRE(published);
    REQUIRE(published->has_value());
    const Publication& publication = **published;
    CHECK(publication.image->last_offset() == Offset(1));
    CHECK(publication.image->last_epoch() == LeaderEpoch(1));
    CHECK(publication.changes.created_topics.size() == 2);
    CHECK(publication.image == feed.loader().image());
    const auto next = feed.give({topic("c", 3)});
    CHECK((*next)->changes.created_topics == std::set{TopicId(uuid(3))});
    // The image that was published before has not changed.
    CHECK(publication.image->find_topic("c") == nullptr);
}

TEST_CASE("image loader: a control batch moves the position in the log and changes nothing else",
          "[image]") {
    Feed feed;
    const auto published = feed.loader().load({.base_offset = Offset(0),
                                               .last_offset = Offset(2),
                                               .epoch = LeaderEpoch(5),
                                               .records = {}});
    REQUIRE(published);
    CHECK((*published)->changes.empty());
    CHECK((*published)->image->last_offset() == Offset(2));
    CHECK((*published)->image->last_epoch() == LeaderEpoch(5));
    CHECK(feed.loader().next_offset() == Offset(3));
}

TEST_CASE("image loader: all records of a transaction become visible together at its end",
          "[image]") {
    Feed feed;
    REQUIRE(feed.give({topic("before", 1)}));
    const auto open = feed.give({kBegin, topic("a", 2)});
    REQUIRE(open);
    CHECK_FALSE(open->has_value());
    CHECK(feed.loader().in_transaction());
    const auto more = feed.give({topic("b", 3)});
    CHECK_FALSE(more->has_value());
    CHECK_FALSE(feed.has("a"));
    CHECK(feed.loader().image()->last_offset() == Offset(0));
    CHECK(feed.loader().next_offset() == Offset(4));
    const auto closed = feed.give({kEnd});
    REQUIRE(closed->has_value());
    CHECK((*closed)->changes.created_topics.size() == 2);
    CHECK((*closed)->image->last_offset() == Offset(4));
    CHECK(feed.has("a"));
    CHECK(feed.has("b"));
}

TEST_CASE("image loader: the records of an aborted transaction never become visible", "[image]") {
    Feed feed;
    REQUIRE(feed.give({topic("kept", 1), kBegin, topic("gone", 2)}));
    CHECK_FALSE(feed.has("kept"));
    const auto aborted = feed.give({kAbort, topic("after", 3)});
    REQUIRE(aborted->has_value());
    CHECK(feed.has("kept"));
    CHECK_FALSE(feed.has("gone"));
    CHECK(feed.has("after"));
    CHECK_FALSE((*aborted)->changes.created_topics.contains(TopicId(uuid(2))));
}

TEST_CASE("image loader: markers of transactions that do not match are a corrupt log", "[image]") {
    Feed feed;
    SECTION("an end without a begin") {
        CHECK_FALSE(feed.give({kEnd}));
    }
    SECTION("an abort without a begin") {
        CHECK_FALSE(feed.give({kAbort}));
    }
    SECTION("a begin inside a transaction") {
        const auto loaded = feed.give({topic("a", 1), kBegin, kBegin});
        REQUIRE_FALSE(loaded);
        CHECK(loaded.error().kind == ErrorKind::corrupt);
        CHECK_THAT(loaded.error().message, Catch::Contains("offset 2"));
    }
}

TEST_CASE("image loader: a gap between batches is a corrupt log", "[image]") {
    Feed feed;
    CHECK_FALSE(feed.loader().load({.base_offset = Offset(1),
                                    .last_offset = Offset(1),
                                    .epoch = LeaderEpoch(1),
                                    .records = {}}));
}

TEST_CASE("image loader: the active controller is set outside the log, and later batches keep it",
          "[image]") {
    Feed feed;
    REQUIRE(feed.give({kBegin, topic("a", 1)}));
    CHECK(feed.loader().set_controller(BrokerId(3)).image->controller() == BrokerId(3));
    CHECK_FALSE(feed.has("a"));
    REQUIRE(feed.give({kEnd}));
    CHECK(feed.loader().image()->controller() == BrokerId(3));
}

}  // namespace
}  // namespace hw::controller
