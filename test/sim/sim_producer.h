#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/record/compressor.h"
#include "protocol/schema/api/produce.h"
#include "test/sim/plan.h"
#include "test/sim/sim_client.h"

namespace hw::sim {

/// A producer of a run: sends numbered values to one partition, one batch at a time. Reports the
/// answers to the checker and the recorder.
class SimProducer final : public SimClient {
public:
    /// `partition` outlives it.
    SimProducer(ClientWorld& world, ProducerNumber number, const ProducerPlan& plan,
                const PartitionPlan& partition, std::uint64_t seed);

    [[nodiscard]] Task<> run();

private:
    using Reply = Result<wire::DecodedMessage<schema::ProduceResponse>>;

    /// The batch being sent, until it is acknowledged or given up.
    struct Batch {
        std::vector<std::string> values;
        Buffer bytes;
    };
    struct Identity {
        ProducerId id;
        ProducerEpoch epoch;
        std::int32_t next_sequence = 0;
    };

    [[nodiscard]] bool needs_identity() const { return plan_.facts.idempotent && !identity_; }
    [[nodiscard]] Task<> ask_identity();
    [[nodiscard]] Task<> send();
    void make_batch();
    [[nodiscard]] SendAttempt attempt(const Checker::Mark& mark) const;
    void on_no_answer(const Reply& answer, const Checker::Mark& mark);
    void on_partition(const schema::ProduceResponse::Partition& outcome, const Checker::Mark& mark);

    const ProducerNumber number_;
    const ProducerPlan plan_;
    const PartitionPlan& partition_;
    record::Compressor compressor_;
    std::optional<Identity> identity_;
    std::optional<Batch> batch_;
    std::uint64_t next_value_ = 0;
    bool may_end_ = false;
};

}  // namespace hw::sim
