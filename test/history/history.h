#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/base/result.h"
#include "test/history/operation.h"

namespace hw::history {

/// Gives out a number for each different text, from 0 on.
class Names {
public:
    [[nodiscard]] std::uint32_t number(std::string_view text);
    [[nodiscard]] std::string_view text(std::uint32_t number) const { return texts_[number]; }
    [[nodiscard]] std::size_t size() const { return texts_.size(); }

private:
    std::deque<std::string> texts_;
    std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

/// What the clients of one run did and saw, and the events of the run that change what they may
/// expect. Owns everything it is given; one thread uses it. Operations come in any order. What is
/// refused is not added. Judged by `judge` (judge.h).
class History {
public:
    static constexpr std::size_t kOperationsMax = 100'000'000;

    /// Errors: exists, if another topic has the id.
    [[nodiscard]] Result<TopicNumber> add_topic(Topic topic);
    [[nodiscard]] std::optional<TopicNumber> find_topic(std::string_view id) const;
    [[nodiscard]] PartitionNumber partition(TopicNumber topic, PartitionIndex index);
    [[nodiscard]] ProcessNumber process(std::string_view name);
    [[nodiscard]] ValueNumber value(std::string_view text);

    /// Errors: invalid, with a sentence about the contradiction (for example, an end before the
    /// start, or a value that another producer has sent); limit.
    [[nodiscard]] Result<void> add(Operation operation);
    /// The next operations need no room to grow up to `operations`.
    void reserve(std::size_t operations) { operations_.reserve(operations); }

    /// Errors: invalid, if `until` is before `at`.
    [[nodiscard]] Result<void> add(const Loss& loss);
    void add(const LogStartMove& move) { log_starts_.push_back(move); }
    void add(const LeaderElection& election) { elections_.push_back(election); }
    /// The topic was deleted at this time or later, so a final read need not find its records.
    void add_deletion(TopicNumber topic, Time at) { deletions_.emplace(topic, at); }
    /// From now on readers read every partition from its start to its end, without faults.
    void begin_final_read(Time at) { final_read_ = at; }

    [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }
    [[nodiscard]] const Operation& at(OperationNumber number) const {
        return operations_[number.value()];
    }
    [[nodiscard]] const std::vector<Loss>& losses() const { return losses_; }
    [[nodiscard]] const std::vector<LogStartMove>& log_starts() const { return log_starts_; }
    [[nodiscard]] const std::vector<LeaderElection>& elections() const { return elections_; }
    [[nodiscard]] std::optional<Time> final_read() const { return final_read_; }
    [[nodiscard]] bool is_deleted(PartitionNumber partition) const {
        return deletions_.contains(partitions_[partition.value()].first);
    }

    [[nodiscard]] std::size_t partitions() const { return partitions_.size(); }
    [[nodiscard]] std::size_t values() const { return values_.size(); }
    [[nodiscard]] const Topic& topic_of(PartitionNumber partition) const {
        return topics_[partitions_[partition.value()].first.value()];
    }
    /// For people: the topic's name and the index, with the id if another topic has the name.
    [[nodiscard]] std::string name(PartitionNumber partition) const;
    [[nodiscard]] std::string_view name(ProcessNumber process) const {
        return processes_.text(process.value());
    }
    [[nodiscard]] std::string_view text(ValueNumber value) const {
        return values_.text(value.value());
    }

private:
    /// The producer of a value, to refuse another one.
    struct Sender {
        ProcessNumber process;
        PartitionNumber partition;
        std::uint32_t line = 0;  ///< of its first send; 0 if none
    };

    [[nodiscard]] Result<void> check(const Send& send, const Operation& operation);
    [[nodiscard]] Result<void> check(const Poll& poll, const Operation& operation) const;
    [[nodiscard]] Result<void> check(const ListOffsets& list, const Operation& operation) const;
    [[nodiscard]] Result<void> check(const Assign& assign, const Operation& operation) const;

    std::vector<Topic> topics_;
    std::map<std::pair<TopicNumber, PartitionIndex>, PartitionNumber> partition_numbers_;
    std::vector<std::pair<TopicNumber, PartitionIndex>> partitions_;
    Names processes_;
    Names values_;
    std::vector<Sender> senders_;  ///< by value
    std::vector<Operation> operations_;
    std::vector<Loss> losses_;
    std::vector<LogStartMove> log_starts_;
    std::vector<LeaderElection> elections_;
    std::map<TopicNumber, Time> deletions_;
    std::optional<Time> final_read_;
};

}  // namespace hw::history
