#include "test/history/history.h"

#include <algorithm>

#include <fmt/format.h>

namespace hw::history {

std::uint32_t Names::number(std::string_view text) {
    const auto known = numbers_.find(text);
    if (known != numbers_.end()) {
        return known->second;
    }
    const auto number = static_cast<std::uint32_t>(texts_.size());
    numbers_.emplace(texts_.emplace_back(text), number);
    return number;
}

Result<TopicNumber> History::add_topic(Topic topic) {
    if (find_topic(topic.id)) {
        return fail(ErrorKind::exists,
                    "topic id '{}' is declared twice; a topic that is created again gets a new id",
                    topic.id);
    }
    topics_.push_back(std::move(topic));
    return TopicNumber(static_cast<std::uint32_t>(topics_.size() - 1));
}

std::optional<TopicNumber> History::find_topic(std::string_view id) const {
    const auto found = std::ranges::find(topics_, id, &Topic::id);
    if (found == topics_.end()) {
        return std::nullopt;
    }
    return TopicNumber(static_cast<std::uint32_t>(found - topics_.begin()));
}

PartitionNumber History::partition(TopicNumber topic, PartitionIndex index) {
    const auto next = PartitionNumber(static_cast<std::uint32_t>(partitions_.size()));
    const auto [entry, is_new] = partition_numbers_.try_emplace({topic, index}, next);
    if (is_new) {
        partitions_.emplace_back(topic, index);
    }
    return entry->second;
}

ProcessNumber History::process(std::string_view name) {
    return ProcessNumber(processes_.number(name));
}

ValueNumber History::value(std::string_view text) {
    return ValueNumber(values_.number(text));
}

Result<void> History::add(Operation operation) {
    if (operations_.size() >= kOperationsMax) {
        return fail(ErrorKind::limit, "a history has at most {} operations", kOperationsMax);
    }
    if (operation.done < operation.invoked) {
        return fail(ErrorKind::invalid, "'done' is {}, which is before 'invoke' ({})",
                    operation.done, operation.invoked);
    }
    if (operation.done == kNeverDone && operation.outcome != Outcome::info) {
        return fail(ErrorKind::invalid,
                    "an operation without 'done' has an unknown outcome: its kind must be info");
    }
    if (operation.line == 0) {
        operation.line = static_cast<std::uint32_t>(operations_.size() + 1);
    }
    const auto check_action = [&](const auto& action) { return check(action, operation); };
    HW_TRY_VOID(std::visit(check_action, operation.action));
    operations_.push_back(std::move(operation));
    return {};
}

Result<void> History::add(const Loss& loss) {
    if (loss.until < loss.at) {
        return fail(ErrorKind::invalid, "'until' is {}, which is before 'at' ({})", loss.until,
                    loss.at);
    }
    losses_.push_back(loss);
    return {};
}

Result<void> History::check(const Send& send, const Operation& operation) {
    if (send.offset != kNoOffset && operation.outcome != Outcome::ok) {
        return fail(ErrorKind::invalid, "only a send whose kind is ok can have an offset");
    }
    if (senders_.size() < values_.size()) {
        senders_.resize(values_.size());
    }
    Sender& sender = senders_[send.value.value()];
    if (sender.line == 0) {
        sender = {operation.process, send.partition, operation.line};
        return {};
    }
    if (sender.process != operation.process || sender.partition != send.partition) {
        return fail(ErrorKind::invalid,
                    "value '{}' was sent before, by '{}' to {} (line {}); only a retry by the same "
                    "process to the same partition may send a value again",
                    text(send.value), name(sender.process), name(sender.partition), sender.line);
    }
    return {};
}

Result<void> History::check(const Poll& poll, const Operation& operation) const {
    if (operation.outcome != Outcome::ok && !poll.records.empty()) {
        return fail(ErrorKind::invalid, "only a poll whose kind is ok can have records");
    }
    return {};
}

Result<void> History::check(const ListOffsets& list, const Operation& operation) const {
    if ((operation.outcome == Outcome::ok) != (list.offset != kNoOffset)) {
        return fail(ErrorKind::invalid,
                    "a list_offsets has an offset if its kind is ok, and only then");
    }
    return {};
}

Result<void> History::check(const Assign& /*assign*/, const Operation& operation) const {
    if (operation.outcome != Outcome::ok) {
        return fail(ErrorKind::invalid, "an assign has no broker to fail at: its kind must be ok");
    }
    return {};
}

std::string History::name(PartitionNumber partition) const {
    const auto& [topic, index] = partitions_[partition.value()];
    const Topic& of = topics_[topic.value()];
    if (std::ranges::count(topics_, of.name, &Topic::name) > 1) {
        return fmt::format("{}[{}]-{}", of.name, of.id, index);
    }
    return fmt::format("{}-{}", of.name, index);
}

}  // namespace hw::history
