#include <algorithm>
#include <set>
#include <utility>

#include "protocol/base/random.h"
#include "test/unit/history/generated_history.h"

namespace hw::history {
namespace {

/// Breaks one run. Works on the plain partition, where nothing excuses an anomaly.
class Corruptor {
public:
    Corruptor(GeneratedRun& run, std::uint64_t seed) : run_(run), random_(seed) {
        for (Operation& operation : run_.operations) {
            if (auto* const send = std::get_if<Send>(&operation.action)) {
                note_send(*send, operation);
            } else if (auto* const poll = std::get_if<Poll>(&operation.action)) {
                note_poll(*poll, operation);
            }
        }
    }

    std::vector<AnomalyKind> corrupt(Corruption corruption) {
        switch (corruption) {
            case Corruption::cut_final_tail:
                return cut_final_tail();
            case Corruption::hide_record:
                return hide_record();
            case Corruption::change_value:
                return change_value();
            case Corruption::invent_value:
                return invent_value();
            case Corruption::repeat_record:
                return repeat_record();
            case Corruption::fail_read_send:
                return fail_read_send();
            case Corruption::send_too_late:
                return send_too_late();
            case Corruption::swap_offsets_of_producer:
                return swap_offsets(true);
            case Corruption::swap_offsets_in_time:
                return swap_offsets(false);
            case Corruption::skip_at_poll:
                return skip_at_poll();
            case Corruption::repeat_poll:
                return repeat_poll();
            case Corruption::lower_watermark:
                return lower_watermark();
            case Corruption::lower_latest:
                return lower_latest();
            case Corruption::change_leader:
                return change_leader();
        }
        return {};
    }

private:
    void note_send(Send& send, Operation& operation) {
        if (send.partition != run_.plain_partition) {
            return;
        }
        if (!sent_.insert(send.value).second) {
            retried_.insert(send.value);
        }
        sends_.push_back(&operation);
        if (send.producer != kNoProducerId) {
            idempotent_.insert(send.value);
        }
        if (operation.outcome == Outcome::ok) {
            acknowledged_.insert(send.value);
        }
    }

    void note_poll(Poll& poll, Operation& operation) {
        if (poll.partition != run_.plain_partition || poll.records.empty()) {
            return;
        }
        const bool is_final = operation.invoked >= run_.final_read;
        (is_final ? finals_ : polls_).push_back(&operation);
        for (const Record& record : poll.records) {
            auto& reads = is_final ? read_last_ : read_before_;
            reads.insert(record.value);
        }
    }

    [[nodiscard]] static Poll& poll_of(Operation& operation) {
        return std::get<Poll>(operation.action);
    }
    [[nodiscard]] static Send& send_of(Operation& operation) {
        return std::get<Send>(operation.action);
    }
    [[nodiscard]] bool is_sent_once(ValueNumber value) const { return !retried_.contains(value); }

    /// A random one of those that meet a condition; nullptr if there is none.
    template <class Condition>
    [[nodiscard]] Operation* choose(const std::vector<Operation*>& from, Condition condition) {
        std::vector<Operation*> suitable;
        std::ranges::copy_if(from, std::back_inserter(suitable), condition);
        return suitable.empty() ? nullptr : suitable[random_.below(suitable.size())];
    }

    std::vector<AnomalyKind> cut_final_tail() {
        if (finals_.empty()) {
            return {};
        }
        auto& records = poll_of(*finals_.back()).records;
        // A plain record may have a copy before.
        if (!acknowledged_.contains(records.back().value) ||
            !idempotent_.contains(records.back().value)) {
            return {};
        }
        const Offset end = records.back().offset;
        records.pop_back();
        for (Operation* const poll : finals_) {
            poll_of(*poll).high_watermark = end;
        }
        return {AnomalyKind::lost_write};
    }

    std::vector<AnomalyKind> hide_record() {
        Operation* const operation =
            choose(finals_, [](Operation* of) { return poll_of(*of).records.size() > 1; });
        if (operation == nullptr) {
            return {};
        }
        auto& records = poll_of(*operation).records;
        const auto index = random_.below(records.size() - 1);
        records.erase(records.begin() + static_cast<std::ptrdiff_t>(index));
        return {AnomalyKind::poll_skip};
    }

    std::vector<AnomalyKind> change_value() {
        Operation* const operation = choose(finals_, [&](Operation* of) {
            const auto& records = poll_of(*of).records;
            return records.size() > 1 && records[0].value != records[1].value &&
                   (read_before_.contains(records[0].value) ||
                    acknowledged_.contains(records[0].value));
        });
        if (operation == nullptr) {
            return {};
        }
        auto& records = poll_of(*operation).records;
        records[0].value = records[1].value;
        return {AnomalyKind::inconsistent_offsets, AnomalyKind::lost_write, AnomalyKind::duplicate};
    }

    std::vector<AnomalyKind> invent_value() {
        Operation* const operation = choose(polls_, [](Operation*) { return true; });
        if (operation == nullptr) {
            return {};
        }
        poll_of(*operation).records.front().value = run_.history.value("invented");
        return {AnomalyKind::unknown_value};
    }

    std::vector<AnomalyKind> repeat_record() {
        Operation* const operation = choose(finals_, [&](Operation* of) {
            return idempotent_.contains(poll_of(*of).records.front().value);
        });
        if (operation == nullptr) {
            return {};
        }
        auto& last = poll_of(*finals_.back());
        const Offset end = last.records.back().offset + 1;
        last.records.push_back({end, poll_of(*operation).records.front().value});
        last.high_watermark = end + 1;
        return {AnomalyKind::duplicate};
    }

    std::vector<AnomalyKind> fail_read_send() {
        Operation* const operation = choose(sends_, [&](Operation* of) {
            const ValueNumber value = send_of(*of).value;
            return of->outcome == Outcome::info && is_sent_once(value) &&
                   read_last_.contains(value);
        });
        if (operation == nullptr) {
            return {};
        }
        operation->outcome = Outcome::fail;
        return {AnomalyKind::dirty_read};
    }

    std::vector<AnomalyKind> send_too_late() {
        Operation* const operation = choose(sends_, [&](Operation* of) {
            const ValueNumber value = send_of(*of).value;
            return is_sent_once(value) && read_before_.contains(value);
        });
        if (operation == nullptr) {
            return {};
        }
        operation->invoked = run_.final_read;
        operation->done = run_.final_read + 1;
        return {AnomalyKind::read_before_send};
    }

    std::vector<AnomalyKind> swap_offsets(bool of_one_producer) {
        const auto is_suitable = [&](Operation* of) {
            return of->outcome == Outcome::ok && is_sent_once(send_of(*of).value) &&
                   (!of_one_producer || send_of(*of).producer != kNoProducerId);
        };
        Operation* const first = choose(sends_, is_suitable);
        if (first == nullptr) {
            return {};
        }
        Operation* const second = choose(sends_, [&](Operation* of) {
            const bool is_same = send_of(*of).producer == send_of(*first).producer;
            return is_suitable(of) && is_same == of_one_producer &&
                   (of_one_producer ? of->invoked > first->invoked : of->invoked > first->done);
        });
        if (second == nullptr) {
            return {};
        }
        std::swap(send_of(*first).offset, send_of(*second).offset);
        return {of_one_producer ? AnomalyKind::nonmonotonic_send : AnomalyKind::realtime_order};
    }

    std::vector<AnomalyKind> skip_at_poll() {
        Operation* const operation = choose(polls_, [](Operation*) { return true; });
        if (operation == nullptr) {
            return {};
        }
        Poll& poll = poll_of(*operation);
        poll.from = poll.from + 1;
        poll.records.erase(poll.records.begin());
        return {AnomalyKind::poll_skip};
    }

    std::vector<AnomalyKind> repeat_poll() {
        Operation* const operation = choose(polls_, [](Operation*) { return true; });
        if (operation == nullptr) {
            return {};
        }
        Operation copy = *operation;
        run_.operations.push_back(std::move(copy));
        return {AnomalyKind::nonmonotonic_poll};
    }

    std::vector<AnomalyKind> lower_watermark() {
        Operation* const operation = choose(polls_, [](Operation*) { return true; });
        if (operation == nullptr) {
            return {};
        }
        Poll& poll = poll_of(*operation);
        poll.high_watermark = poll.records.back().offset;
        return {AnomalyKind::above_watermark};
    }

    std::vector<AnomalyKind> lower_latest() {
        for (Operation& operation : run_.operations) {
            auto* const list = std::get_if<ListOffsets>(&operation.action);
            if (list != nullptr && operation.invoked >= run_.final_read &&
                list->partition == run_.plain_partition && list->offset > Offset(0)) {
                list->offset = list->offset - 1;
                return {AnomalyKind::low_list_offsets};
            }
        }
        return {};
    }

    std::vector<AnomalyKind> change_leader() {
        if (finals_.empty()) {
            return {};
        }
        poll_of(*finals_.front()).answerer.broker = BrokerId(99);
        return {AnomalyKind::two_leaders};
    }

    GeneratedRun& run_;
    Random random_;
    // Of the plain partition. Polls have records; those of the final read are apart.
    std::vector<Operation*> sends_;
    std::vector<Operation*> polls_;
    std::vector<Operation*> finals_;
    std::set<ValueNumber> sent_;
    std::set<ValueNumber> retried_;
    std::set<ValueNumber> acknowledged_;
    std::set<ValueNumber> idempotent_;
    std::set<ValueNumber> read_before_;
    std::set<ValueNumber> read_last_;
};

}  // namespace

std::vector<AnomalyKind> corrupt(GeneratedRun& run, Corruption corruption, std::uint64_t seed) {
    return Corruptor(run, seed).corrupt(corruption);
}

}  // namespace hw::history
