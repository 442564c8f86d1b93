#pragma once

#include <compare>
#include <cstdint>
#include <functional>

#include <fmt/format.h>

#include "protocol/base/uuid.h"

namespace hw {

/// A number that identifies something. Ids with different tags are different types, and an id has
/// no arithmetic. `Rep` is also its type on the wire.
template <class Tag, class Rep>
class Id {
public:
    using rep = Rep;

    constexpr Id() = default;
    constexpr explicit Id(Rep value) : value_(value) {}

    [[nodiscard]] constexpr Rep value() const { return value_; }
    constexpr auto operator<=>(const Id&) const = default;

private:
    Rep value_{};
};

/// A number that counts something: like Id, plus adding and subtracting plain numbers, and the
/// difference of two of them.
template <class Tag, class Rep>
class Ordinal {
public:
    using rep = Rep;

    constexpr Ordinal() = default;
    constexpr explicit Ordinal(Rep value) : value_(value) {}

    [[nodiscard]] constexpr Rep value() const { return value_; }
    constexpr auto operator<=>(const Ordinal&) const = default;

    constexpr Ordinal operator+(Rep distance) const {
        return Ordinal(static_cast<Rep>(value_ + distance));
    }
    constexpr Ordinal operator-(Rep distance) const {
        return Ordinal(static_cast<Rep>(value_ - distance));
    }
    constexpr Rep operator-(Ordinal other) const { return static_cast<Rep>(value_ - other.value_); }
    constexpr Ordinal& operator+=(Rep distance) { return *this = *this + distance; }
    constexpr Ordinal& operator++() { return *this = *this + Rep{1}; }

private:
    Rep value_{};
};

using ApiVersion = Id<struct ApiVersionTag, std::int16_t>;
using CorrelationId = Id<struct CorrelationIdTag, std::int32_t>;

/// Id of a broker or controller, which share one id space (Kafka's `node.id`); -1 means none.
using BrokerId = Id<struct BrokerIdTag, std::int32_t>;
using PartitionIndex = Id<struct PartitionIndexTag, std::int32_t>;
using ProducerId = Id<struct ProducerIdTag, std::int64_t>;

/// Position of a record in its partition. An exclusive end is named `..._end_offset`, the last
/// offset included is named `last_offset`.
using Offset = Ordinal<struct OffsetTag, std::int64_t>;
using LeaderEpoch = Ordinal<struct LeaderEpochTag, std::int32_t>;
using PartitionEpoch = Ordinal<struct PartitionEpochTag, std::int32_t>;
/// Offset of the record that registered the broker (KIP-903); -1 means unknown.
using BrokerEpoch = Ordinal<struct BrokerEpochTag, std::int64_t>;
using ProducerEpoch = Ordinal<struct ProducerEpochTag, std::int16_t>;
using Sequence = Ordinal<struct SequenceTag, std::int32_t>;
/// Wall-clock time in milliseconds since 1970, as records carry it; -1 means none.
using Timestamp = Ordinal<struct TimestampTag, std::int64_t>;
/// A duration in milliseconds, as requests carry it.
using Millis = Ordinal<struct MillisTag, std::int32_t>;

using TopicId = Id<struct TopicIdTag, Uuid>;
using DirectoryId = Id<struct DirectoryIdTag, Uuid>;
using IncarnationId = Id<struct IncarnationIdTag, Uuid>;

inline constexpr BrokerId kNoBroker{-1};
inline constexpr LeaderEpoch kNoLeaderEpoch{-1};
inline constexpr Offset kNoOffset{-1};
inline constexpr ProducerId kNoProducerId{-1};
inline constexpr Timestamp kNoTimestamp{-1};

}  // namespace hw

template <class Tag, class Rep>
struct std::hash<hw::Id<Tag, Rep>> {
    std::size_t operator()(const hw::Id<Tag, Rep>& id) const {
        return std::hash<Rep>{}(id.value());
    }
};

template <class Tag, class Rep>
struct fmt::formatter<hw::Id<Tag, Rep>> : fmt::formatter<Rep> {
    auto format(const hw::Id<Tag, Rep>& id, fmt::format_context& context) const {
        return fmt::formatter<Rep>::format(id.value(), context);
    }
};

template <class Tag, class Rep>
struct fmt::formatter<hw::Ordinal<Tag, Rep>> : fmt::formatter<Rep> {
    auto format(const hw::Ordinal<Tag, Rep>& ordinal, fmt::format_context& context) const {
        return fmt::formatter<Rep>::format(ordinal.value(), context);
    }
};
