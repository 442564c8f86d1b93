#pragma once

#include <map>
#include <set>
#include <string>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/record/metadata.h"

namespace hw::controller {

/// What differs between two images, named in the order of ids and names. What came and went in
/// between is not named.
struct MetadataChanges {
    std::set<std::string, std::less<>> features;
    std::set<BrokerId> brokers;      ///< registered, changed or gone
    std::set<BrokerId> controllers;  ///< registered, changed or gone
    std::set<TopicId> created_topics;
    std::map<TopicId, std::string> deleted_topics;  ///< with their names
    std::set<PartitionKey> partitions;              ///< new or changed, of topics that exist
    std::set<ConfigResource> configs;               ///< of deleted topics too
    bool producer_ids = false;

    [[nodiscard]] bool empty() const;
};

/// Carries an image forward, record by record, and notes what changes.
///
/// A value that does no I/O; refuses a record that contradicts the image, and is then as it was.
/// Records of transactions are ImageLoader's and have no effect here; nor have those of ACLs,
/// quotas, credentials and tokens, which no part of the program reads yet.
class MetadataDelta {
public:
    explicit MetadataDelta(MetadataImage base) : image_(std::move(base)) {}

    /// Errors: corrupt, with the record that cannot follow this image and why.
    [[nodiscard]] Result<void> apply(const schema::MetadataRecord& record, Offset offset);

    /// The base with all that was applied.
    [[nodiscard]] const MetadataImage& image() const { return image_; }
    [[nodiscard]] MetadataImage& image() { return image_; }
    [[nodiscard]] const MetadataChanges& changes() const { return changes_; }

private:
    [[nodiscard]] Result<void> replay(const schema::RegisterBrokerRecord& record, Offset offset);
    [[nodiscard]] Result<void> replay(const schema::UnregisterBrokerRecord& record);
    [[nodiscard]] Result<void> replay(const schema::FenceBrokerRecord& record);
    [[nodiscard]] Result<void> replay(const schema::UnfenceBrokerRecord& record);
    [[nodiscard]] Result<void> replay(const schema::BrokerRegistrationChangeRecord& record);
    [[nodiscard]] Result<void> replay(const schema::RegisterControllerRecord& record);
    [[nodiscard]] Result<void> replay(const schema::UnregisterControllerRecord& record);
    [[nodiscard]] Result<void> replay(const schema::TopicRecord& record);
    [[nodiscard]] Result<void> replay(const schema::PartitionRecord& record);
    [[nodiscard]] Result<void> replay(const schema::PartitionChangeRecord& record);
    [[nodiscard]] Result<void> replay(const schema::RemoveTopicRecord& record);
    [[nodiscard]] Result<void> replay(const schema::ClearElrRecord& record);
    [[nodiscard]] Result<void> replay(const schema::ConfigRecord& record);
    [[nodiscard]] Result<void> replay(const schema::FeatureLevelRecord& record);
    [[nodiscard]] Result<void> replay(const schema::ProducerIdsRecord& record);

    [[nodiscard]] Result<BrokerImage> find_registration(BrokerId id, BrokerEpoch epoch,
                                                        std::string_view record) const;
    void put(BrokerImage broker);
    void put(TopicId topic, PartitionImage partition);
    void clear_elr(const TopicImage& topic);

    MetadataImage image_;
    MetadataChanges changes_;
};

}  // namespace hw::controller
