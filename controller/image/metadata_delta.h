#pragma once

#include <map>
#include <set>
#include <string>

#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/record/metadata.h"

namespace hw::controller {

/// The differences between two images, ordered by id or name. A broker or controller that was
/// registered and removed in between is listed; a topic that was created and deleted is not.
struct MetadataChanges {
    std::set<std::string, std::less<>> features;
    std::set<BrokerId> brokers;      ///< registered, changed or gone
    std::set<BrokerId> controllers;  ///< registered, changed or gone
    std::set<TopicId> created_topics;
    std::map<TopicId, std::string> deleted_topics;  ///< id and name
    std::set<PartitionKey> partitions;              ///< new or changed, in topics that exist
    std::set<ConfigResource> configs;               ///< changed, also of deleted topics
    bool producer_ids = false;

    [[nodiscard]] bool empty() const;
};

/// An image under construction: applies records one by one and collects the changes.
///
/// A value that does no I/O. It refuses a record that contradicts the image, and then stays
/// unchanged. Records of transactions have no effect here (ImageLoader handles them). Records of
/// ACLs, quotas, credentials and tokens are ignored, because the program does not use them yet.
class MetadataDelta {
public:
    explicit MetadataDelta(MetadataImage base) : image_(std::move(base)) {}

    /// Applies the record at `offset`. Errors: corrupt; the message names the record and the
    /// contradiction.
    [[nodiscard]] Result<void> apply(const schema::MetadataRecord& record, Offset offset);

    /// The base image with all applied records.
    [[nodiscard]] const MetadataImage& image() const { return image_; }
    [[nodiscard]] MetadataImage& image() { return image_; }
    [[nodiscard]] const MetadataChanges& changes() const { return changes_; }

private:
    [[nodiscard]] Result<void> replay(const schema::RegisterBrokerRecord& record, Offset offset);
    [[nodiscard]] Result<void> replay(const schema::UnregisterBrokerRecord& record);
    [[nodiscard]] Result<void> replay(const schema::FenceBrokerRecord& record, Offset offset);
    [[nodiscard]] Result<void> replay(const schema::UnfenceBrokerRecord& record);
    [[nodiscard]] Result<void> replay(const schema::BrokerRegistrationChangeRecord& record,
                                      Offset offset);
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
