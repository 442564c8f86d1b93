#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/quorum_controller.h"
#include "protocol/base/random.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {

/// A cluster with random requests, silent brokers and changes of the active controller. After each
/// step it checks the rules of partitions, so that a broken one has a name.
class RandomCluster {
public:
    explicit RandomCluster(std::uint64_t seed, ControllerMutants mutants = {});

    /// Does one random thing. Returns the rule that is broken since; empty if there is none.
    [[nodiscard]] std::string step();

    [[nodiscard]] const World& world() const { return world_; }
    [[nodiscard]] std::size_t asked() const { return asked_; }

private:
    void act();
    void ask(const ControllerRequest& request);
    [[nodiscard]] std::int32_t some_broker();
    [[nodiscard]] std::string some_name();
    [[nodiscard]] std::optional<PartitionKey> some_partition();

    void register_broker();
    void beat();
    void create();
    void remove();
    void allocate();
    void alter_partition();
    void elect_leaders();
    void assign_replica();
    void change_controller();

    /// Each checks one kind of rule, and returns the one that is broken.
    [[nodiscard]] std::string check_alteration(
        const schema::AlterPartitionRequest::Partition& asked, const PartitionImage& before,
        const PartitionImage& after) const;
    [[nodiscard]] std::string check_elections(const MetadataImage& before) const;
    [[nodiscard]] std::string check_history();

    Random random_;
    World world_;
    std::map<PartitionKey, PartitionImage> older_;      ///< earlier states of partitions
    std::map<PartitionKey, PartitionImage> committed_;  ///< newest committed ones
    std::size_t asked_ = 0;
    bool may_elect_uncleanly_ = false;  ///< in this step
    std::string broken_;
};

/// The rule that the partition breaks in `image`; empty if there is none.
[[nodiscard]] std::string broken_rule(const MetadataImage& image, const PartitionImage& partition);

}  // namespace hw::controller::testing
