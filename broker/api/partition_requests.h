#pragma once

#include "broker/api/controller_handler.h"
#include "protocol/schema/api/alter_partition.h"
#include "protocol/schema/api/assign_replicas_to_dirs.h"

/// The requests about their replicas that brokers send to the controller.
namespace hw::broker {

/// Handles AlterPartition: a leader changes the ISR of its partitions (KIP-497).
class AlterPartitionHandler final
    : public ControllerHandler<schema::AlterPartitionRequest, controller::AlterPartitionResult> {
public:
    using ControllerHandler::ControllerHandler;

protected:
    void reply(Exchange& exchange, const schema::AlterPartitionRequest& request,
               const controller::AlterPartitionResult& result) const override;
};

/// Handles AssignReplicasToDirs: a broker reports in which of its directories its replicas are
/// (KIP-858).
class AssignReplicasHandler final : public ControllerHandler<schema::AssignReplicasToDirsRequest,
                                                             controller::AssignReplicasResult> {
public:
    using ControllerHandler::ControllerHandler;

protected:
    void reply(Exchange& exchange, const schema::AssignReplicasToDirsRequest& request,
               const controller::AssignReplicasResult& result) const override;
};

}  // namespace hw::broker
