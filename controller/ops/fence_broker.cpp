#include "controller/ops/fence_broker.h"

#include "controller/election.h"

namespace hw::controller {
namespace {

constexpr ApiVersion kVersion{0};
constexpr std::int8_t kFence = 1;
constexpr std::int8_t kUnfence = -1;

}  // namespace

void add_fence(RecordBatch& records, const MetadataImage& image, const BrokerImage& broker) {
    add_changes_of_leaving(records, {.image = image, .leaving = broker.id});
    records.add(
        schema::BrokerRegistrationChangeRecord{
            .broker_id = broker.id, .broker_epoch = broker.epoch, .fenced = kFence},
        kVersion);
}

void add_unfence(RecordBatch& records, const MetadataImage& image, const BrokerImage& broker) {
    records.add(
        schema::BrokerRegistrationChangeRecord{
            .broker_id = broker.id, .broker_epoch = broker.epoch, .fenced = kUnfence},
        kVersion);
    add_changes_of_arriving(records, {.image = image, .arriving = broker.id});
}

}  // namespace hw::controller
