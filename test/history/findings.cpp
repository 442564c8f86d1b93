#include "test/history/findings.h"

#include <algorithm>
#include <utility>

namespace hw::history {
namespace {

constexpr std::array<Described, kAnomalyKinds> kAnomalies{{
    {"inconsistent-offsets", "one offset was seen with different values"},
    {"duplicate", "one record of an idempotent producer is at several offsets"},
    {"lost-write", "an acknowledged record is gone"},
    {"unseen", "the final read did not return a record that must exist"},
    {"phantom", "a record was read and is gone"},
    {"dirty-read", "a record was read whose send definitely failed"},
    {"unknown-value", "a value was read that nobody sent to this partition"},
    {"read-before-send", "a value was read before it was sent"},
    {"above-watermark", "a record was read at or above the high watermark of the same answer"},
    {"poll-skip", "a reader was led past an offset"},
    {"nonmonotonic-poll", "a reader was led back"},
    {"nonmonotonic-send", "offsets do not have the order in which a producer sent"},
    {"realtime-order", "a record has a lower offset than one acknowledged before it was sent"},
    {"low-list-offsets", "the latest offset is below a record known before the request"},
    {"watermark-decrease", "the high watermark fell within one leader epoch"},
    {"log-start-decrease", "the log start offset fell within one leader epoch"},
    {"two-leaders", "two brokers answered as leaders of one leader epoch"},
}};

constexpr std::array<Described, kCuriosities> kAccepted{{
    {"stale-read",
     "latest offsets that were too low, told by a leader of an older or unknown epoch"},
    {"plain-duplicate", "values at several offsets, sent without idempotence"},
    {"plain-reorder", "overlapping sends without idempotence that changed their order"},
    {"excused-loss", "records gone after an unclean election or a power loss that permits it"},
    {"unknown-read", "sends of unknown outcome whose record was read"},
    {"unknown-not-read", "sends of unknown outcome whose record was not read"},
    {"weak-not-read", "sends acknowledged with acks=1 or 0 whose record was not read"},
    {"acknowledged-not-read", "sends acknowledged with acks=all whose record nobody has read"},
    {"broker-change", "polls of a reader that another broker answered than the one before"},
}};

}  // namespace

const Described& describe(AnomalyKind kind) {
    return kAnomalies[static_cast<std::size_t>(kind)];
}

const Described& describe(Curiosity curiosity) {
    return kAccepted[static_cast<std::size_t>(curiosity)];
}

void Findings::add(Anomaly anomaly) {
    Time when = kNeverDone;
    for (const OperationNumber number : anomaly.operations) {
        if (number != kNoOperation) {
            when = std::min(when, (*operations_)[number.value()].invoked);
        }
    }
    OfKind& of = anomalies_[static_cast<std::size_t>(anomaly.kind)];
    ++of.times;
    if (of.times == 1 || when < of.when) {
        of.first = std::move(anomaly);
        of.when = when;
    }
}

std::size_t Findings::kinds() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(anomalies_, [](const OfKind& of) { return of.times > 0; }));
}

}  // namespace hw::history
