#include "broker/net/frame_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

using Step = FrameReader::Step;

std::string framed(std::string_view body) {
    std::string bytes(4, '\0');
    store_big_endian(reinterpret_cast<std::byte*>(bytes.data()),
                     static_cast<std::int32_t>(body.size()));
    return bytes + std::string(body);
}

/// Gives `piece` to the reader and collects the frames that it completes.
void feed(FrameReader& reader, ByteView piece, std::vector<std::string>& frames) {
    for (;;) {
        const Step step = reader.next(piece);
        if (step == Step::need_memory) {
            reader.admit(Buffer(static_cast<std::size_t>(reader.size())));
            reader.grant(reader.ungranted());
        } else if (step == Step::complete) {
            frames.emplace_back(as_text(reader.take().view()));
        } else {
            REQUIRE(step == Step::need_input);
            return;
        }
    }
}

TEST_CASE("frames: each comes out whole, however the stream is split", "[net][frame]") {
    const std::string stream = framed("first") + framed("") + framed("the third one");
    for (std::size_t size = 1; size <= stream.size(); ++size) {
        FrameReader reader(100);
        std::vector<std::string> frames;
        for (std::size_t at = 0; at < stream.size(); at += size) {
            feed(reader, as_bytes(std::string_view(stream).substr(at, size)), frames);
        }
        CHECK(frames == std::vector<std::string>{"first", "", "the third one"});
        CHECK_FALSE(reader.in_frame());
    }
}

TEST_CASE("frames: a size is accepted up to the limit", "[net][frame]") {
    FrameReader reader(5);
    const std::string fits = framed("12345");
    ByteView input = as_bytes(std::string_view(fits));
    CHECK(reader.next(input) == Step::need_memory);
    CHECK(reader.size() == 5);

    FrameReader strict(4);
    input = as_bytes(std::string_view(fits));
    CHECK(strict.next(input) == Step::invalid);
    CHECK(strict.next(input) == Step::invalid);
}

TEST_CASE("frames: a negative size is invalid", "[net][frame]") {
    FrameReader reader(100);
    const std::string negative("\xFF\xFF\xFF\xFE", 4);
    ByteView input = as_bytes(std::string_view(negative));
    CHECK(reader.next(input) == Step::invalid);
    CHECK(reader.size() == -2);
}

TEST_CASE("frames: the rest of an admitted frame can be received in place", "[net][frame]") {
    FrameReader reader(100);
    const std::string start = framed("0123456789").substr(0, 7);
    ByteView input = as_bytes(std::string_view(start));
    CHECK(reader.unfilled().empty());
    REQUIRE(reader.next(input) == Step::need_memory);
    reader.admit(Buffer(static_cast<std::size_t>(reader.size())));
    reader.grant(reader.ungranted());
    REQUIRE(reader.next(input) == Step::need_input);
    const MutableBytes rest = reader.unfilled();
    REQUIRE(rest.size() == 7);
    std::ranges::copy(as_bytes("3456789"), rest.begin());
    reader.received(7);
    REQUIRE(reader.next(input) == Step::complete);
    CHECK(as_text(reader.take().view()) == "0123456789");
}

TEST_CASE("frames: no more bytes are stored than were granted", "[net][frame]") {
    FrameReader reader(100);
    const std::string frame = framed("0123456789");
    ByteView input = as_bytes(std::string_view(frame));
    REQUIRE(reader.next(input) == Step::need_memory);
    reader.admit(Buffer(10));
    REQUIRE(reader.next(input) == Step::need_memory);
    CHECK(reader.filled() == 0);
    reader.grant(4);
    CHECK(reader.unfilled().size() == 4);
    REQUIRE(reader.next(input) == Step::need_memory);
    CHECK(reader.filled() == 4);
    CHECK(reader.ungranted() == 6);
    CHECK(reader.unfilled().empty());
    reader.grant(6);
    REQUIRE(reader.next(input) == Step::complete);
    CHECK(as_text(reader.take().view()) == "0123456789");
}

TEST_CASE("frames: a length without a body asks for no memory", "[net][frame]") {
    FrameReader reader(100);
    const std::string frame = framed("body");
    ByteView length = as_bytes(std::string_view(frame).substr(0, 4));
    CHECK(reader.next(length) == Step::need_input);
    CHECK(reader.in_frame());
}

}  // namespace
}  // namespace hw::broker
