#include "broker/coordinator/consumer/topic_hash.h"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <xxhash.h>

#include <boost/nowide/utf/convert.hpp>

namespace hw::broker {
namespace {

std::u16string utf16(std::string_view text) {
    return boost::nowide::utf::convert_string<char16_t>(text.data(), text.data() + text.size());
}

class HashedBytes {
public:
    template <std::unsigned_integral Word>
    void put(Word word) {
        for (std::size_t at = 0; at < sizeof(Word); ++at) {
            bytes_.push_back(static_cast<char>(static_cast<unsigned char>(word >> (8 * at))));
        }
    }
    void put_size(std::size_t size) { put(static_cast<std::uint32_t>(size)); }
    void put_text(std::u16string_view text) {
        for (const char16_t unit : text) {
            put(static_cast<std::uint16_t>(unit));
        }
        put_size(text.size());
    }
    [[nodiscard]] std::int64_t hash() const {
        return static_cast<std::int64_t>(XXH3_64bits(bytes_.data(), bytes_.size()));
    }

private:
    std::string bytes_;
};

constexpr std::uint8_t kLayoutVersion = 0;

}  // namespace

std::int64_t topic_hash(const TopicToHash& topic) {
    HashedBytes bytes;
    bytes.put(kLayoutVersion);
    bytes.put(topic.id.value().high);
    bytes.put(topic.id.value().low);
    bytes.put_text(utf16(topic.name));
    bytes.put_size(topic.racks.size());
    std::vector<std::u16string> sorted;
    for (std::size_t partition = 0; partition < topic.racks.size(); ++partition) {
        bytes.put_size(partition);
        sorted.clear();
        for (const std::string_view rack : topic.racks[partition]) {
            sorted.push_back(utf16(rack));
        }
        std::ranges::sort(sorted);
        for (const std::u16string& rack : sorted) {
            bytes.put_size(rack.size());
            bytes.put_text(rack);
        }
    }
    return bytes.hash();
}

std::int64_t metadata_hash(std::vector<NamedTopicHash> topics) {
    if (topics.empty()) {
        return 0;
    }
    std::ranges::sort(topics, {}, &NamedTopicHash::topic);
    HashedBytes bytes;
    for (const NamedTopicHash& topic : topics) {
        bytes.put(static_cast<std::uint64_t>(topic.hash));
    }
    return bytes.hash();
}

}  // namespace hw::broker
